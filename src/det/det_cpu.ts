// SPDX-License-Identifier: GPL-2.0-only
/**
 * A CPU of a deterministic machine: it runs while it has the baton, and hands it over at the hook.
 *
 * Every access to memory is a step. At a step that touches a word which several CPUs share, the scheduler may take the
 * baton away; before an access that nobody else can see it would change nothing. Sleeping is being blocked on a word of
 * memory: no thread sleeps in the kernel's sense, it waits for the baton. Time is virtual: a step takes STEP_NS, and
 * when nobody can run, the clock jumps to the next deadline.
 *
 * Where the machine has a device that interrupts, the schedule says after which steps of a CPU it does.
 *
 * Who only looks is an Observer, and changes nothing.
 */
import { type Access, type Barrier, type Hook, LOAD, PAGE_OFFSET, type Sleeper, STORE } from '../arch/sab/access.ts';
import { MachineAborted } from '../arch/sab/control.ts';
import { type IrqLine, irqs_disabled } from '../arch/sab/cpu.ts';
import { type Bytes, type Doubles, type Words, wordLoad, wordNotify, wordStore, wordWait } from '../arch/sab/words.ts';
import { listChoice } from './choices.ts';
import { DelayedMemory } from './memory_model.ts';
import { isScript, schedulerOf } from './schedulers/index.ts';
import { isScripted, scriptedInterrupt } from './schedulers/script.ts';
import { learn } from './sharing.ts';
import {
  ARRIVED_ALL,
  ASLEEP,
  CLOCK,
  CPU_DIED,
  type CpuWords,
  DEADLINES,
  DECISION_WORDS,
  type DetBuffers,
  DetState,
  ENTRIES_MAX,
  FOUND,
  INTERRUPT_DECISION,
  NEXT_DEADLINE,
  NOBODY_CAN,
  OUT,
  type RoundWords,
  RUNNABLE,
  SHARED,
  STEPS_DONE,
  WAITING,
} from './state.ts';
import { ON_TIME, StepLog, WAKES } from './step_log.ts';

/** What happens in a machine that its operator is to know of at once. */
export interface Signs {
  /** Whether all that the operator waits for have arrived. */
  readonly arrived: () => boolean;
  /** Whether a CPU is out of the round before its end. */
  readonly died: () => boolean;
  /** Whether a problem has been recorded. */
  readonly found: () => boolean;
}

/** Why a CPU stops by itself: it sleeps on a word, waits for a phase, or leaves the round. */
export type Stop = 'sleep' | 'wait' | 'leave';

/** Hears what a CPU does while it is in the schedule. */
export interface Observer {
  /** It is about to do something, and others may get their turn before it does. */
  arrive(): void;
  /** The access comes now. */
  access(op: Access, addr: number, bytes: number): void;
  /** @param on - the word that it sleeps on, the phase that it waits for, or 0 */
  stop(why: Stop, on: number): void;
}

/** Virtual time of an access, ns. */
const STEP_NS = 20;
/** Looks at the baton before the thread really sleeps; the one before it is often done within them. */
const LOOKS = 200;
const NEVER = Number.POSITIVE_INFINITY;

export class DetCpu implements Hook, Sleeper {
  readonly sleeper: Sleeper = this;
  /** Null where memory is sequentially consistent. */
  readonly model: DelayedMemory | null;
  /** Null but where a schedule is told. */
  observer: Observer | null = null;
  private readonly cpu: number;
  private readonly state: DetState;
  private readonly round: RoundWords;
  private readonly own: CpuWords;
  private readonly words: Words;
  private readonly times: Doubles;
  private readonly recording: Words;
  private readonly choices: Words;
  private readonly known: Bytes;
  private readonly learned: Bytes;
  private readonly signs: Signs;
  private readonly log: StepLog;
  private readonly check: ((op: Access, addr: number, bytes: number) => void) | null;
  private readonly irq: IrqLine | null;
  /** Whether this CPU is in the schedule: between enter() and leave(). */
  private active = false;

  /**
   * @param check - what looks at each access besides, in the schedule or not: KASAN's
   * @param irq - what may interrupt the CPU
   */
  constructor(cpu: number, buffers: DetBuffers, signs: Signs, check: DetCpu['check'], irq: IrqLine | null = null) {
    const state = new DetState(buffers);
    this.cpu = cpu;
    this.state = state;
    this.round = state.round;
    this.own = state.cpu(cpu);
    this.words = buffers.words;
    this.times = buffers.times;
    this.recording = buffers.recording;
    this.choices = buffers.choices;
    this.known = buffers.known;
    this.learned = buffers.learned;
    this.signs = signs;
    this.check = check;
    this.irq = irq;
    this.log = new StepLog(cpu, state, buffers);
    this.model = state.round.memory === 0 ? null : new DelayedMemory(cpu, buffers, (to) => this.note(to));
  }

  /** Into the schedule, without the baton. @param phase - in which the CPU begins */
  enter(phase: number): void {
    this.own.awaited = phase;
    this.own.state = WAITING;
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
      if (this.irq !== null && !irqs_disabled()) this.maybeInterrupt(this.irq);
      this.observer?.arrive();
      this.step(op, addr, bytes);
      this.observer?.access(op, addr, bytes);
    } else if (this.cpu === this.round.cpus) {
      this.log.written(op, addr, bytes);
    }
    if (this.check !== null) this.check(op, addr, bytes);
  }

  /** Before an access, after the CPU's last step. Its own steps are at least one. */
  private maybeInterrupt(irq: IrqLine): void {
    const { state, cpu } = this;
    const comes = isScript(state) ? scriptedInterrupt(state, cpu) : irq.pending() && state.draw() % irq.every === 0;
    if (!comes) return;
    this.note(INTERRUPT_DECISION);
    irq.handle();
  }

  /** No step: what it lets through might have been let through by itself, at the step before. */
  barrier(what: Barrier): void {
    this.model?.barrier(what);
  }

  private step(op: Access, addr: number, bytes: number): void {
    const { round, cpu, times, known, learned } = this;
    this.log.settle();
    this.own.local += 1;
    const steps = round.steps + 1;
    round.steps = steps;
    this.model?.step(steps);
    const now = (times[CLOCK] as number) + STEP_NS;
    times[CLOCK] = now;
    if (now >= (times[NEXT_DEADLINE] as number)) this.wakeSleepers(now);
    const index = (addr - PAGE_OFFSET) >>> 2;
    const writes = op !== LOAD;
    // A block is one step, and a point if any of its words is one.
    let shared = false;
    for (let i = index, end = (addr + bytes - PAGE_OFFSET + 3) >>> 2; i < end; i++) {
      learn(learned, i, cpu, writes);
      shared ||= known[i] === SHARED;
    }
    // Where a script, and the end at a finding, do not depend on what is known of who shares what, a recording can be
    // followed by whoever knows nothing yet.
    if (round.stop_at_finding !== 0 && this.signs.found()) this.toOperator(FOUND);
    if (shared || isScripted(this.state, cpu)) this.point(addr, bytes, writes);
    round.hash = Math.imul(round.hash ^ (addr + op) ^ (cpu << 28), 0x01000193);
    this.log.access(op, addr, bytes);
    if (steps >= round.max_steps) this.toOperator(STEPS_DONE);
  }

  /** A step at which another CPU may be chosen. */
  private point(addr: number, bytes: number, writes: boolean): void {
    const { state, round, cpu, own } = this;
    round.points += 1;
    own.pending = addr;
    own.pending_bytes = bytes;
    own.pending_writes = writes ? 1 : 0;
    if (round.list_choices !== 0) listChoice(state, this.choices, cpu, cpu, true);
    const next = schedulerOf(round.scheduler).choose(state, cpu, true);
    if (next !== cpu) {
      this.note(next);
      this.handOver(next);
    }
    own.pending = 0;
    schedulerOf(round.scheduler).accessed(state, cpu, addr, bytes, writes);
  }

  /** An allocator writes to RAM. */
  unchecked(addr: number, bytes: number): void {
    if (this.active) this.log.unchecked(addr, bytes);
  }

  /** The books of user space, which have words of their own: one was `before`, and is `after`. */
  book(index: number, before: number, after: number): void {
    if (this.active) this.log.book(index, before, after);
  }

  /** @returns virtual time, ns, of which whole microseconds are used, and not after the CPU has slept */
  readClock(): number {
    const now = this.times[CLOCK] as number;
    if (!this.active || !this.log.watches) return now;
    this.log.noAccess(ON_TIME);
    this.own.read_us = Math.floor(now / 1000);
    return now;
  }

  // Sleeping.

  /** @returns whether the time ran out */
  park(addr: number, timeout_ns: number): boolean {
    const { round, cpu, own, log } = this;
    log.word(STORE, addr);
    if (timeout_ns !== NEVER) log.noAccess(ON_TIME);
    own.word = addr;
    own.since = round.steps;
    own.timed_out = 0;
    this.setDeadline(cpu, timeout_ns === NEVER ? NEVER : (this.times[CLOCK] as number) + timeout_ns);
    this.observer?.stop('sleep', addr);
    this.block(ASLEEP);
    log.see(own.timed_out);
    return own.timed_out !== 0;
  }

  unpark(addr: number, count: number): number {
    const { state } = this;
    this.model?.barrier();
    if (this.active) this.log.word(STORE, addr);
    let woken = 0;
    while (woken < count) {
      let first = -1;
      for (let cpu = 0; cpu < this.round.cpus; cpu++) {
        const its = state.cpu(cpu);
        if (its.state !== ASLEEP || its.word !== addr) continue;
        if (first < 0 || its.since < state.cpu(first).since) first = cpu;
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
    const { state, times, cpu, log } = this;
    log.noAccess(ON_TIME);
    let quiet = true;
    for (let other = 0; other < this.round.cpus; other++) {
      const its = state.cpu(other).state;
      if (other === cpu || its === WAITING || its === OUT) continue;
      quiet &&= its === ASLEEP && times[DEADLINES + other] === NEVER;
    }
    log.see(quiet ? 1 : 0);
    return quiet;
  }

  /** Waits until the phase has come, or the round has been given up. */
  awaitPhase(phase: number): void {
    this.own.awaited = phase;
    this.observer?.stop('wait', phase);
    this.untilAborted(() => this.block(WAITING));
  }

  /** Out of the schedule, for this round. */
  leave(): void {
    if (!this.active) return;
    this.setActive(false);
    this.observer?.stop('leave', 0);
    this.log.settle();
    this.own.local += 1;
    this.own.state = OUT;
    if (this.round.abort === 0) this.pass(this.whoIsNext());
  }

  /** Gives the baton away, and waits until it comes back. */
  private block(state: number): void {
    this.log.settle();
    this.own.read_us = 0;
    this.model?.barrier();
    this.own.local += 1;
    this.own.state = state;
    const next = this.whoIsNext();
    if (next !== this.cpu) this.handOver(next);
    this.model?.barrier();
  }

  /** @returns a CPU, or the operator, and why it is */
  private whoIsNext(): number {
    const { state, round, cpu } = this;
    const why = this.signs.died() ? CPU_DIED : this.signs.arrived() ? ARRIVED_ALL : 0;
    if (why !== 0) return this.operatorFor(why);
    for (;;) {
      const byDefault = state.nextInTurn(cpu);
      if (byDefault >= 0) {
        if (round.list_choices !== 0) listChoice(state, this.choices, cpu, byDefault, false);
        const next = schedulerOf(round.scheduler).choose(state, cpu, false);
        if (next !== byDefault) this.note(next);
        return next;
      }
      if (!this.jumpToDeadline()) return this.operatorFor(NOBODY_CAN);
    }
  }

  /**
   * The operator lets the CPUs run. @returns whether one does; if none can, `why` says what the operator is to know
   */
  start(): boolean {
    this.own.local += 1;
    this.log.settle();
    this.log.see(this.round.why);
    this.log.noAccess(ON_TIME);
    const next = this.whoIsNext();
    if (next === this.cpu) return false;
    this.pass(next);
    return true;
  }

  /** @returns the operator, who is told why */
  private operatorFor(why: number): number {
    this.model?.settle();
    this.round.why = why;
    return this.round.cpus;
  }

  private toOperator(why: number): void {
    this.handOver(this.operatorFor(why));
  }

  private wake(cpu: number): void {
    this.log.noAccess(WAKES);
    this.state.cpu(cpu).state = RUNNABLE;
    this.times[DEADLINES + cpu] = NEVER;
  }

  private setDeadline(cpu: number, ns: number): void {
    this.times[DEADLINES + cpu] = ns;
    if (ns < (this.times[NEXT_DEADLINE] as number)) this.times[NEXT_DEADLINE] = ns;
  }

  /** Wakes those whose time has come. */
  private wakeSleepers(now: number): void {
    const { state, times } = this;
    let next = NEVER;
    for (let cpu = 0; cpu < this.round.cpus; cpu++) {
      const deadline = times[DEADLINES + cpu] as number;
      if (state.cpu(cpu).state !== ASLEEP) continue;
      if (deadline <= now) {
        state.cpu(cpu).timed_out = 1;
        this.log.noAccess(ON_TIME);
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
    if (this.state.nextInTurn(this.cpu) >= 0) return true;
    if (next === NEVER) return false;
    times[CLOCK] = next;
    this.wakeSleepers(next);
    return true;
  }

  // The baton.

  private pass(next: number): void {
    this.round.switches += 1;
    const { $go } = this.state.cpu(next);
    wordStore(this.words, $go, 1);
    wordNotify(this.words, $go);
  }

  private handOver(next: number): void {
    this.pass(next);
    this.awaitBaton();
  }

  /** @throws MachineAborted if the operator gives the round up */
  awaitBaton(): void {
    const { words, own } = this;
    const { $go } = own;
    for (let looks = LOOKS; wordLoad(words, $go) === 0; ) {
      if (--looks < 0) wordWait(words, $go, 0, NEVER);
    }
    own.go = 0;
    if (this.round.abort === 0) return;
    this.setActive(false);
    throw new MachineAborted();
  }

  // The recording.

  /** A deviation from the default schedule. */
  private note(next: number): void {
    const { round, cpu, recording } = this;
    const n = round.decisions;
    round.decisions = n + 1;
    if (n >= ENTRIES_MAX) return;
    recording[n * DECISION_WORDS] = cpu;
    recording[n * DECISION_WORDS + 1] = this.own.local;
    recording[n * DECISION_WORDS + 2] = next;
  }
}
