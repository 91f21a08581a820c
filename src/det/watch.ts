// SPDX-License-Identifier: GPL-2.0-only
/**
 * What tells two states of a deterministic machine apart, as a hash, for a search that wants to see each state once.
 *
 * A state is what RAM and the books of user space hold, what each CPU has seen so far, who sleeps on what and until
 * when, and the time. A CPU is a function of what it has seen: of the values that its loads gave it. So two schedules
 * that order the same accesses differently come to the same state where the order did not matter, and go on alike.
 *
 * The hash of RAM is a sum over its words. A word leaves the sum before it is written, and comes back with what it
 * holds afterwards: at the CPU's next step, before anybody else runs.
 */
import { LOAD, PAGE_OFFSET, STORE } from '../arch/sab/access.ts';
import { ASLEEP, CLOCK, DEADLINES, type DetState, RUNNABLE, WAITING } from './state.ts';

/** A hash has two words, made with one of these each. */
const LANES = [0x9e3779b1, 0x85ebca77] as const;

/** Index of the first word that is not of RAM but of the books of user space. */
const BOOKS = 1 << 28;

const mixed = (hash: number, value: number, lane: number): number => {
  const h = Math.imul(hash ^ value, lane);
  return Math.imul(h ^ (h >>> 15), 0xc2b2ae3d) ^ (h >>> 13);
};

/** What a word that holds `value` adds to the sum. */
const share = (index: number, value: number, lane: number): number => mixed(mixed(lane, index, lane), value, lane);

/** @returns how many sleep on the same word for longer, and so are woken before */
function rank(state: DetState, cpu: number): number {
  const { word, since } = state.cpu(cpu);
  let before = 0;
  for (let other = 0; other < state.round.cpus; other++) {
    const its = state.cpu(other);
    if (its.state === ASLEEP && its.word === word && its.since < since) before++;
  }
  return before;
}

const double = new Float64Array(1);
const halves = new Int32Array(double.buffer);
function mixedTime(hash: number, ns: number, lane: number): number {
  double[0] = ns;
  return mixed(mixed(hash, halves[0] as number, lane), halves[1] as number, lane);
}

/** @param who - has a choice here, or what is done @returns one word of the hash of the machine's state */
export function stateHash(state: DetState, who: number, lane: 0 | 1): number {
  const by = LANES[lane];
  const { round, times } = state;
  let hash = mixedTime(round.words[round.$held + lane] as number, times[CLOCK] as number, by);
  for (let cpu = 0; cpu <= round.cpus; cpu++) {
    const its = state.cpu(cpu);
    hash = mixed(mixed(hash, round.words[its.$seen + lane] as number, by), its.state, by);
    hash = mixed(hash, its.read_us, by);
    if (its.state === WAITING) hash = mixed(hash, its.awaited, by);
    if (its.state === RUNNABLE) hash = mixed(hash, its.timed_out, by);
    if (its.state !== ASLEEP) continue;
    hash = mixed(mixed(hash, its.word, by), rank(state, cpu), by);
    hash = mixedTime(hash, times[DEADLINES + cpu] as number, by);
  }
  return mixed(hash, who, by);
}

/** What one CPU adds to the hash. */
export class Watch {
  private readonly state: DetState;
  private readonly ram: Int32Array;
  /** Index of the hash of what this CPU has seen. */
  private readonly seen: number;
  /** Words that have left the sum: from the first one to before the end. */
  private first = 0;
  private end = 0;

  /** @param ram - the memory under schedule */
  constructor(cpu: number, state: DetState, ram: Int32Array) {
    this.state = state;
    this.ram = ram;
    this.seen = state.cpu(cpu).$seen;
  }

  /** An access comes now. */
  access(op: number, addr: number, bytes: number): void {
    const first = (addr - PAGE_OFFSET) >>> 2;
    const end = (addr + bytes - PAGE_OFFSET + 3) >>> 2;
    this.see(addr ^ op);
    if (op !== STORE) for (let index = first; index < end; index++) this.see(this.ram[index] as number);
    if (op !== LOAD) this.open(first, end);
  }

  /** Words of RAM are about to be written that the CPU does not read. */
  open(first: number, end: number): void {
    this.settle();
    this.first = first;
    this.end = end;
    this.sum(-1);
  }

  /** What was about to be written has been. */
  settle(): void {
    if (this.first === this.end) return;
    this.sum(1);
    this.first = this.end;
  }

  private sum(sign: 1 | -1): void {
    const { ram, first, end } = this;
    const { words, $held } = this.state.round;
    for (let lane = 0; lane < 2; lane++) {
      const by = LANES[lane as 0 | 1];
      let sum = words[$held + lane] as number;
      for (let index = first; index < end; index++) sum = (sum + sign * share(index, ram[index] as number, by)) | 0;
      words[$held + lane] = sum;
    }
  }

  /** The CPU has been given a value. */
  see(value: number): void {
    const { seen } = this;
    const { words } = this.state.round;
    words[seen] = mixed(words[seen] as number, value, LANES[0]);
    words[seen + 1] = mixed(words[seen + 1] as number, value, LANES[1]);
  }

  /** A word of the books was `before`, which the CPU has seen, and is `after`. */
  book(index: number, before: number, after: number): void {
    const { words, $held } = this.state.round;
    this.see(index ^ BOOKS);
    this.see(before);
    if (before === after) return;
    for (let lane = 0; lane < 2; lane++) {
      const by = LANES[lane as 0 | 1];
      const change = share(BOOKS + index, after, by) - share(BOOKS + index, before, by);
      words[$held + lane] = ((words[$held + lane] as number) + change) | 0;
    }
  }
}
