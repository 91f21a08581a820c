// SPDX-License-Identifier: GPL-2.0-only
/**
 * A CPU of a deterministic machine: it runs while it has the baton, and hands it over at the hook.
 *
 * Every access to RAM is a step. At a step that touches a word which several CPUs share, the scheduler may take the
 * baton away; before an access that nobody else can see it would change nothing. Sleeping is being blocked on a word of
 * RAM: no thread sleeps in the kernel's sense, it waits for the baton. Time is virtual: a step takes STEP_NS, and when
 * nobody can run, the clock jumps to the next deadline.
 */
import { MachineAborted } from '../arch/sab/control.ts';
import { type Access, type Hook, LOAD, PAGE_OFFSET, type Sleeper, STORE } from '../arch/sab/memory.ts';
import { type Bytes, type Doubles, type Words, wordLoad, wordNotify, wordStore, wordWait } from '../arch/sab/words.ts';
import { choose, isPos, isScripted, nextInTurn, redrawRacing } from './choose.ts';
import { type FullRecorder, NOTE_LEAVE, NOTE_SLEEP, NOTE_WAIT } from './full_recorder.ts';
import { DelayedMemory } from './memory_model.ts';
import type { Signs } from './signs.ts';
import {
  ABORT,
  ARRIVED_ALL,
  ASLEEP,
  AWAITED,
  at,
  bookAt,
  CHOICE_WORDS,
  CHOICES,
  CLOCK,
  CPU_DIED,
  CPUS,
  DEADLINES,
  DECISION_WORDS,
  DECISIONS,
  type DetBuffers,
  ENTRIES_MAX,
  FOUND,
  GO,
  HASH,
  LIST_CHOICES,
  LOCAL,
  LOG_MAX,
  LOG_STEPS,
  LOG_WORDS,
  LOGGED,
  logged,
  MAX_STEPS,
  MEMORY,
  NEXT_DEADLINE,
  NO_ACCESS,
  NOBODY_CAN,
  ON_TIME,
  OUT,
  PENDING,
  PENDING_BYTES,
  PENDING_WRITES,
  POINTS,
  READ_SHARED,
  READ_US,
  RUNNABLE,
  SHARED,
  SINCE,
  STATE,
  STEPS,
  STEPS_DONE,
  STOP_AT_FINDING,
  SWITCHES,
  TIMED_OUT,
  WAITING,
  WAKES,
  WATCHING,
  WHY,
  WORD,
  WRITTEN,
} from './state.ts';
import { stateHash, Watch } from './watch.ts';

/** Virtual time of an access, ns. */
const STEP_NS = 20;
/** Looks at the baton before the thread really sleeps; the one before it is often done within them. */
const LOOKS = 200;
const NEVER = Number.POSITIVE_INFINITY;

export class DetCpu implements Hook, Sleeper {
  readonly sleeper: Sleeper = this;
  /** Null where memory is sequentially consistent. */
  readonly model: DelayedMemory | null;
  /** Writes everything down; null but where a schedule is told. */
  recorder: FullRecorder | null = null;
  private readonly cpu: number;
  private readonly words: Words;
  private readonly times: Doubles;
  private readonly script: Words;
  private readonly recording: Words;
  private readonly choices: Words;
  private readonly steps: Words;
  private readonly known: Bytes;
  private readonly learned: Bytes;
  private readonly signs: Signs;
  /** Null but in an exhaustive search. */
  private readonly watch: Watch | null;
  private readonly check: ((op: Access, addr: number, bytes: number) => void) | null;
  /** Whether this CPU is in the schedule: between enter() and leave(). */
  private active = false;

  /** @param check - what looks at each access besides, KASAN's */
  constructor(cpu: number, buffers: DetBuffers, signs: Signs, check: DetCpu['check']) {
    this.cpu = cpu;
    this.words = buffers.words;
    this.times = buffers.times;
    this.script = buffers.script;
    this.recording = buffers.recording;
    this.choices = buffers.choices;
    this.steps = buffers.log;
    this.known = buffers.known;
    this.learned = buffers.learned;
    this.signs = signs;
    this.check = check;
    this.watch = buffers.words[WATCHING] === 0 ? null : new Watch(cpu, buffers.words);
    this.model = buffers.words[MEMORY] === 0 ? null : new DelayedMemory(cpu, buffers, (to) => this.note(to));
  }

  /** Into the schedule, without the baton. @param phase - in which the CPU begins */
  enter(phase: number): void {
    this.words[at(this.cpu, AWAITED)] = phase;
    this.words[at(this.cpu, STATE)] = WAITING;
  }

  get isActive(): boolean {
    return this.active;
  }

  private setActive(active: boolean): void {
    this.active = active;
    if (this.model !== null) this.model.active = active;
  }

  /** @returns when the CPU runs for the first time, or the round has been given up */
  awaitFirstBaton(): void {
    this.setActive(true);
    this.untilAborted(() => this.awaitBaton());
  }

  private untilAborted(step: () => void): void {
    try {
      step();
    } catch (error) {
      if (!(error instanceof MachineAborted)) throw error;
    }
  }

  // The hook.

  access(op: Access, addr: number, bytes: number): void {
    if (this.active) {
      this.recorder?.arrive();
      this.step(op, addr, bytes);
      this.recorder?.access(op, addr, bytes);
    } else if (this.cpu === this.words[CPUS]) {
      this.watch?.written(op, addr, bytes);
    }
    if (this.check !== null) this.check(op, addr, bytes);
  }

  private step(op: Access, addr: number, bytes: number): void {
    const { words, cpu, times } = this;
    this.watch?.settle();
    this.countOwnStep();
    const steps = (words[STEPS] as number) + 1;
    words[STEPS] = steps;
    this.model?.step(steps);
    const now = (times[CLOCK] as number) + STEP_NS;
    times[CLOCK] = now;
    if (now >= (times[NEXT_DEADLINE] as number)) this.wakeSleepers(now);
    const index = (addr - PAGE_OFFSET) >>> 2;
    const writes = op !== LOAD;
    // A block is one step, and a point if any of its words is one.
    let shared = false;
    for (let i = index, end = (addr + bytes - PAGE_OFFSET + 3) >>> 2; i < end; i++) {
      this.learn(i, writes);
      shared ||= this.known[i] === SHARED;
    }
    // Where a script, and the end at a finding, do not depend on what is known of who shares what, a recording can be
    // followed by whoever knows nothing yet.
    if (words[STOP_AT_FINDING] !== 0 && this.signs.found()) this.toOperator(FOUND);
    if (shared || isScripted(words, this.script, cpu)) this.point(addr, bytes, writes);
    this.log(op, addr, bytes);
    this.watch?.access(op, addr, bytes);
    if (steps >= (words[MAX_STEPS] as number)) this.toOperator(STEPS_DONE);
  }

  /** The access comes now, behind the point at which another CPU might have had its turn. */
  private log(op: Access, addr: number, bytes: number): void {
    const { words, cpu } = this;
    words[HASH] = Math.imul((words[HASH] as number) ^ (addr + op) ^ (cpu << 28), 0x01000193);
    if (words[LOG_STEPS] !== 0) this.enterLog(op, addr, bytes);
  }

  private enterLog(op: number, addr: number, bytes: number): void {
    const { words, cpu, steps } = this;
    const n = (words[LOGGED] as number) + 1;
    words[LOGGED] = n;
    if (n >= LOG_MAX) return;
    steps[n * LOG_WORDS] = addr;
    steps[n * LOG_WORDS + 1] = logged(op, cpu, bytes);
  }

  /** Something that is no access, but that the order of accesses depends on. */
  private watched(what: number): void {
    if (this.watch !== null) this.enterLog(NO_ACCESS, what, 0);
  }

  /** An allocator writes to RAM. */
  unchecked(addr: number, bytes: number): void {
    if (this.watch === null || !this.active) return;
    this.enterLog(STORE, addr, bytes);
    this.watch.open((addr - PAGE_OFFSET) >>> 2, (addr + bytes - PAGE_OFFSET + 3) >>> 2);
  }

  /** The books of user space, which have words of their own: one was `before`, and is `after`. */
  book(index: number, before: number, after: number): void {
    if (this.watch === null || !this.active) return;
    this.enterLog(before === after ? LOAD : STORE, bookAt(index), 4);
    this.watch.book(index, before, after);
  }

  /** @returns virtual time, ns, of which whole microseconds are used, and not after the CPU has slept */
  readClock(): number {
    const now = this.times[CLOCK] as number;
    if (this.watch === null || !this.active) return now;
    this.watched(ON_TIME);
    this.words[at(this.cpu, READ_US)] = Math.floor(now / 1000);
    return now;
  }

  /** Notes who touches a word. */
  private learn(index: number, writes: boolean): void {
    const seen = this.learned[index] as number;
    const mine = this.cpu + 1;
    if (seen === SHARED) return;
    if (seen === 0) this.learned[index] = mine | (writes ? WRITTEN : 0);
    else if (seen === READ_SHARED) {
      if (writes) this.learned[index] = SHARED;
    } else if ((seen & ~WRITTEN) === mine) {
      if (writes) this.learned[index] = mine | WRITTEN;
    } else this.learned[index] = writes || (seen & WRITTEN) !== 0 ? SHARED : READ_SHARED;
  }

  /** A step at which another CPU may be chosen. */
  private point(addr: number, bytes: number, writes: boolean): void {
    const { words, cpu } = this;
    words[POINTS] = (words[POINTS] as number) + 1;
    words[at(cpu, PENDING)] = addr;
    words[at(cpu, PENDING_BYTES)] = bytes;
    words[at(cpu, PENDING_WRITES)] = writes ? 1 : 0;
    if (words[LIST_CHOICES] !== 0) this.listChoice(cpu, true);
    const next = choose(words, this.script, cpu, true);
    if (next !== cpu) {
      this.note(next);
      this.handOver(next);
    }
    words[at(cpu, PENDING)] = 0;
    if (isPos(words)) redrawRacing(words, cpu, addr, bytes, writes);
  }

  // Sleeping.

  /** @returns whether the time ran out */
  park(addr: number, timeout_ns: number): boolean {
    const { words, cpu } = this;
    if (this.watch !== null) this.enterLog(STORE, addr, 4);
    if (timeout_ns !== NEVER) this.watched(ON_TIME);
    words[at(cpu, WORD)] = addr;
    words[at(cpu, SINCE)] = words[STEPS] as number;
    words[at(cpu, TIMED_OUT)] = 0;
    this.setDeadline(cpu, timeout_ns === NEVER ? NEVER : (this.times[CLOCK] as number) + timeout_ns);
    this.recorder?.stop(NOTE_SLEEP, addr);
    this.block(ASLEEP);
    const timedOut = words[at(cpu, TIMED_OUT)] as number;
    this.watch?.see(timedOut);
    return timedOut !== 0;
  }

  unpark(addr: number, count: number): number {
    const { words } = this;
    this.model?.barrier();
    if (this.watch !== null && this.active) this.enterLog(STORE, addr, 4);
    const cpus = words[CPUS] as number;
    let woken = 0;
    while (woken < count) {
      let first = -1;
      for (let cpu = 0; cpu < cpus; cpu++) {
        if (words[at(cpu, STATE)] !== ASLEEP || words[at(cpu, WORD)] !== addr) continue;
        if (first < 0 || (words[at(cpu, SINCE)] as number) < (words[at(first, SINCE)] as number)) first = cpu;
      }
      if (first < 0) return woken;
      this.wake(first);
      woken++;
    }
    return woken;
  }

  idle(ns: number): void {
    this.park(0, Math.max(1, ns));
  }

  isQuiet(): boolean {
    const { words, times, cpu } = this;
    this.watched(ON_TIME);
    let quiet = true;
    for (let other = 0; other < (words[CPUS] as number); other++) {
      if (other === cpu || words[at(other, STATE)] === WAITING || words[at(other, STATE)] === OUT) continue;
      quiet &&= words[at(other, STATE)] === ASLEEP && times[DEADLINES + other] === NEVER;
    }
    this.watch?.see(quiet ? 1 : 0);
    return quiet;
  }

  /** Waits until the phase has come, or the round has been given up. */
  awaitPhase(phase: number): void {
    this.words[at(this.cpu, AWAITED)] = phase;
    this.recorder?.stop(NOTE_WAIT, phase);
    this.untilAborted(() => this.block(WAITING));
  }

  /** Out of the schedule, for this round. */
  leave(): void {
    if (!this.active) return;
    this.setActive(false);
    this.recorder?.stop(NOTE_LEAVE, 0);
    this.watch?.settle();
    this.countOwnStep();
    this.words[at(this.cpu, STATE)] = OUT;
    if (this.words[ABORT] === 0) this.pass(this.whoIsNext());
  }

  /** Gives the baton away, and waits until it comes back. */
  private block(state: number): void {
    this.watch?.settle();
    this.words[at(this.cpu, READ_US)] = 0;
    this.model?.barrier();
    this.countOwnStep();
    this.words[at(this.cpu, STATE)] = state;
    const next = this.whoIsNext();
    if (next !== this.cpu) this.handOver(next);
    this.model?.barrier();
  }

  /** Each decision is at a step of its CPU's own count. */
  private countOwnStep(): void {
    const local = at(this.cpu, LOCAL);
    this.words[local] = (this.words[local] as number) + 1;
  }

  /** @returns a CPU, or the operator, and why it is */
  private whoIsNext(): number {
    const { words, cpu } = this;
    const operator = words[CPUS] as number;
    const why = this.signs.died() ? CPU_DIED : this.signs.arrived() ? ARRIVED_ALL : 0;
    if (why !== 0) {
      this.model?.settle();
      words[WHY] = why;
      return operator;
    }
    for (;;) {
      const byDefault = nextInTurn(words, cpu);
      if (byDefault >= 0) {
        if (words[LIST_CHOICES] !== 0) this.listChoice(byDefault, false);
        const next = choose(words, this.script, cpu, false);
        if (next !== byDefault) this.note(next);
        return next;
      }
      if (!this.jumpToDeadline()) {
        this.model?.settle();
        words[WHY] = NOBODY_CAN;
        return operator;
      }
    }
  }

  /**
   * The operator lets the CPUs run. @returns whether one does; if none can, WHY says what the operator is to know
   */
  start(): boolean {
    this.countOwnStep();
    this.watch?.settle();
    this.watch?.see(this.words[WHY] as number);
    this.watched(ON_TIME);
    const next = this.whoIsNext();
    if (next === this.cpu) return false;
    this.pass(next);
    return true;
  }

  private toOperator(why: number): void {
    this.model?.settle();
    this.words[WHY] = why;
    this.handOver(this.words[CPUS] as number);
  }

  private wake(cpu: number): void {
    this.watched(WAKES);
    this.words[at(cpu, STATE)] = RUNNABLE;
    this.times[DEADLINES + cpu] = NEVER;
  }

  private setDeadline(cpu: number, ns: number): void {
    this.times[DEADLINES + cpu] = ns;
    if (ns < (this.times[NEXT_DEADLINE] as number)) this.times[NEXT_DEADLINE] = ns;
  }

  /** Wakes those whose time has come. */
  private wakeSleepers(now: number): void {
    const { words, times } = this;
    let next = NEVER;
    for (let cpu = 0; cpu < (words[CPUS] as number); cpu++) {
      const deadline = times[DEADLINES + cpu] as number;
      if (words[at(cpu, STATE)] !== ASLEEP) continue;
      if (deadline <= now) {
        words[at(cpu, TIMED_OUT)] = 1;
        this.watched(ON_TIME);
        this.wake(cpu);
      } else if (deadline < next) next = deadline;
    }
    times[NEXT_DEADLINE] = next;
  }

  /** @returns whether there was one */
  private jumpToDeadline(): boolean {
    const { times } = this;
    this.wakeSleepers(times[CLOCK] as number);
    const next = times[NEXT_DEADLINE] as number;
    if (nextInTurn(this.words, this.cpu) >= 0) return true;
    if (next === NEVER) return false;
    times[CLOCK] = next;
    this.wakeSleepers(next);
    return true;
  }

  // The baton.

  private pass(next: number): void {
    const { words } = this;
    words[SWITCHES] = (words[SWITCHES] as number) + 1;
    wordStore(words, at(next, GO), 1);
    wordNotify(words, at(next, GO));
  }

  private handOver(next: number): void {
    this.pass(next);
    this.awaitBaton();
  }

  /** @throws MachineAborted if the operator gives the round up */
  awaitBaton(): void {
    const { words, cpu } = this;
    const go = at(cpu, GO);
    for (let looks = LOOKS; wordLoad(words, go) === 0; ) {
      if (--looks < 0) wordWait(words, go, 0, NEVER);
    }
    words[go] = 0;
    if (words[ABORT] === 0) return;
    this.setActive(false);
    throw new MachineAborted();
  }

  // The recording.

  /** A deviation from the default schedule. */
  private note(next: number): void {
    const { words, cpu, recording } = this;
    const n = words[DECISIONS] as number;
    words[DECISIONS] = n + 1;
    if (n >= ENTRIES_MAX) return;
    recording[n * DECISION_WORDS] = cpu;
    recording[n * DECISION_WORDS + 1] = words[at(cpu, LOCAL)] as number;
    recording[n * DECISION_WORDS + 2] = next;
  }

  private listChoice(byDefault: number, able: boolean): void {
    const { words, times, cpu, choices } = this;
    let mask = 0;
    let others = 0;
    for (let other = 0; other < (words[CPUS] as number); other++) {
      if (words[at(other, STATE)] !== RUNNABLE) continue;
      mask |= 1 << other;
      others++;
    }
    if (others < 2) return;
    const n = words[CHOICES] as number;
    words[CHOICES] = n + 1;
    if (n >= ENTRIES_MAX) return;
    const addr = words[at(cpu, able ? PENDING : WORD)] as number;
    choices.set([cpu, words[at(cpu, LOCAL)] as number, byDefault, mask, able ? 1 : 0, addr], n * CHOICE_WORDS);
    if (this.watch === null) return;
    const hash = ([0, 1] as const).map((lane) => stateHash(words, times, 2 * cpu + (able ? 1 : 0), lane));
    choices.set([...hash, words[LOGGED] as number], n * CHOICE_WORDS + 6);
  }
}
