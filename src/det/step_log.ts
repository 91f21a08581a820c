// SPDX-License-Identifier: GPL-2.0-only
/**
 * What one CPU enters of its steps: in the log, by which two runs of a schedule are compared, and in the hash of
 * states, for an exhaustive search.
 *
 * The log has the accesses in order. A search also wants to know what else their order depends on: the time, who lets
 * whom run, the books of user space, what an allocator writes.
 */
import { type Access, LOAD, PAGE_OFFSET, STORE } from '../arch/sab/access.ts';
import type { Words } from '../arch/sab/words.ts';
import { type DetBuffers, type DetState, LOG_MAX, LOG_WORDS, type RoundWords } from './state.ts';
import { Watch } from './watch.ts';

/** What a step of the log is if it is no access: something that depends on the time, or that lets others run. */
export const NO_ACCESS = 3;
export const ON_TIME = 1;
export const WAKES = 2;

/** What the log says of a step beside its address. @param op - of the access, or NO_ACCESS with what it is for one */
const logged = (op: number, cpu: number, bytes: number): number => op | (cpu << 2) | (bytes << 10);
export const opOf = (entry: number): number => entry & 3;
export const cpuOf = (entry: number): number => (entry >>> 2) & 0xff;
export const bytesOf = (entry: number): number => entry >>> 10;
/** Address in the log of a word of the books of user space: no address of memory. */
const bookAt = (index: number): number => -4 * (index + 1);

const wordOf = (addr: number): number => (addr - PAGE_OFFSET) >>> 2;
const endOf = (addr: number, bytes: number): number => (addr + bytes - PAGE_OFFSET + 3) >>> 2;

export class StepLog {
  private readonly cpu: number;
  private readonly round: RoundWords;
  private readonly steps: Words;
  /** Null but in an exhaustive search. */
  private readonly watch: Watch | null;

  constructor(cpu: number, state: DetState, { log, ram }: DetBuffers) {
    this.cpu = cpu;
    this.round = state.round;
    this.steps = log;
    this.watch = state.round.watching === 0 ? null : new Watch(cpu, state, ram);
  }

  /** Whether a search looks at more than the accesses. */
  get watches(): boolean {
    return this.watch !== null;
  }

  private enter(op: number, addr: number, bytes: number): void {
    const { round, cpu, steps } = this;
    const n = round.logged + 1;
    round.logged = n;
    if (n >= LOG_MAX) return;
    steps[n * LOG_WORDS] = addr;
    steps[n * LOG_WORDS + 1] = logged(op, cpu, bytes);
  }

  /** The access comes now. */
  access(op: Access, addr: number, bytes: number): void {
    if (this.round.log_steps !== 0) this.enter(op, addr, bytes);
    this.watch?.access(op, addr, bytes);
  }

  /** What the CPU was about to write has been written. */
  settle(): void {
    this.watch?.settle();
  }

  /** The CPU has been given a value that is in no word. */
  see(value: number): void {
    this.watch?.see(value);
  }

  /** Something that is no access, but that the order of accesses depends on. */
  noAccess(what: number): void {
    if (this.watch !== null) this.enter(NO_ACCESS, what, 0);
  }

  /** What is done to a word meets what others do to it, though it is no access: sleeping there, waking. */
  word(op: Access, addr: number): void {
    if (this.watch !== null) this.enter(op, addr, 4);
  }

  /** An access of the operator, who does what it does whatever it finds. */
  written(op: Access, addr: number, bytes: number): void {
    if (op !== LOAD) this.watch?.open(wordOf(addr), endOf(addr, bytes));
  }

  /** An allocator writes to memory. */
  unchecked(addr: number, bytes: number): void {
    if (this.watch === null) return;
    this.enter(STORE, addr, bytes);
    this.watch.open(wordOf(addr), endOf(addr, bytes));
  }

  /** A word of the books was `before`, and is `after`. */
  book(index: number, before: number, after: number): void {
    if (this.watch === null) return;
    this.enter(before === after ? LOAD : STORE, bookAt(index), 4);
    this.watch.book(index, before, after);
  }
}
