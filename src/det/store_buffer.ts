// SPDX-License-Identifier: GPL-2.0-only
/**
 * The store buffers of the CPUs: plain stores that have been executed and have not reached RAM.
 *
 * They lie in the shared memory behind RAM, so that a store can be led into a buffer by giving it another index, and so
 * that whoever has the baton can let a store of any CPU reach RAM when its time has come.
 *
 * The stores of a CPU come in groups, one after the other: none reaches RAM while one of an earlier group has not. In
 * order, each store is a group. Out of order, smp_wmb() begins one; within it, stores to different words have nothing
 * to do with each other, and a second store to a word replaces the first.
 */

/** Stores that a buffer holds; one more makes room for itself. */
const STORES_MAX = 32;
/** [word's index, value, step at which it is to reach RAM, its group] */
const ENTRY_WORDS = 4;
const VALUE = 1;
const DUE = 2;
const GROUP = 3;
/** Stores in the buffer; the group of the next one. */
const COUNT = 0;
const NEXT_GROUP = 1;
const ENTRIES = 2;
const BUFFER_WORDS = ENTRIES + STORES_MAX * ENTRY_WORDS;
/** No store is due. */
const NEVER = 0x7fff_ffff;

/** Words that the buffers of so many CPUs take. */
export const storeBufferWords = (cpus: number): number => 1 + cpus * BUFFER_WORDS;

export class StoreBuffers {
  private readonly ram: Int32Array;
  private readonly nextDue: number;
  private readonly cpus: number;
  private readonly inOrder: boolean;
  private readonly landing: (cpu: number, index: number) => void;

  /**
   * @param ram - the memory under schedule @param base - index of the first word of the buffers in it
   * @param landing - told before a store changes RAM: whose, and the index of the word
   */
  constructor(
    ram: Int32Array,
    base: number,
    cpus: number,
    inOrder: boolean,
    landing: (cpu: number, index: number) => void,
  ) {
    this.ram = ram;
    this.nextDue = base;
    this.cpus = cpus;
    this.inOrder = inOrder;
    this.landing = landing;
  }

  private buffer(cpu: number): number {
    return this.nextDue + 1 + cpu * BUFFER_WORDS;
  }

  /** Empties the buffers without a store. */
  reset(): void {
    this.ram.fill(0, this.nextDue, this.nextDue + storeBufferWords(this.cpus));
    this.ram[this.nextDue] = NEVER;
  }

  count(cpu: number): number {
    return this.ram[this.buffer(cpu) + COUNT] as number;
  }

  /** Index of the n-th entry of a buffer. */
  private entry(cpu: number, n: number): number {
    return this.buffer(cpu) + ENTRIES + n * ENTRY_WORDS;
  }

  private groupOf(cpu: number, n: number): number {
    return this.ram[this.entry(cpu, n) + GROUP] as number;
  }

  /** Index of the newest entry for a word, -1 if there is none. */
  private newest(cpu: number, index: number): number {
    for (let n = this.count(cpu) - 1; n >= 0; n--) {
      const entry = this.entry(cpu, n);
      if (this.ram[entry] === index) return entry;
    }
    return -1;
  }

  /** @returns index of the value that this CPU stored last to a word, -1 if it is not in its buffer */
  find(cpu: number, index: number): number {
    const entry = this.newest(cpu, index);
    return entry < 0 ? -1 : entry + VALUE;
  }

  /** @returns index of the value of a store that the next one to that word replaces, -1 if there is none */
  findReplaced(cpu: number, index: number): number {
    const entry = this.newest(cpu, index);
    const isOpen = entry >= 0 && !this.inOrder && this.ram[entry + GROUP] === this.ram[this.buffer(cpu) + NEXT_GROUP];
    return isOpen ? entry + VALUE : -1;
  }

  /** Whether the next store must wait for one that has not reached RAM. */
  isBehind(cpu: number): boolean {
    if (this.count(cpu) === 0) return false;
    return this.inOrder || this.groupOf(cpu, 0) !== this.ram[this.buffer(cpu) + NEXT_GROUP];
  }

  /** What is stored from now on reaches RAM after what has been. */
  beginGroup(cpu: number): void {
    this.ram[this.buffer(cpu) + NEXT_GROUP] = (this.ram[this.buffer(cpu) + NEXT_GROUP] as number) + 1;
  }

  /** @param due - the step at which it is to reach RAM at the latest @returns index of the value, to be stored there */
  push(cpu: number, index: number, due: number): number {
    if (this.count(cpu) === STORES_MAX) this.land(cpu, 0);
    if (this.inOrder) this.beginGroup(cpu);
    const buffer = this.buffer(cpu);
    const n = this.ram[buffer + COUNT] as number;
    const entry = this.entry(cpu, n);
    this.ram[buffer + COUNT] = n + 1;
    this.ram[entry] = index;
    this.ram[entry + DUE] = due;
    this.ram[entry + GROUP] = this.ram[buffer + NEXT_GROUP] as number;
    this.findNextDue();
    return entry + VALUE;
  }

  isDue(step: number): boolean {
    return step >= (this.ram[this.nextDue] as number);
  }

  /** @returns which store of the oldest group is due, -1 if none is */
  private firstDue(cpu: number, step: number): number {
    for (let n = 0; n < this.count(cpu) && this.groupOf(cpu, n) === this.groupOf(cpu, 0); n++) {
      if ((this.ram[this.entry(cpu, n) + DUE] as number) <= step) return n;
    }
    return -1;
  }

  /** Lets reach RAM whatever is to by now, of every CPU. */
  drainDue(step: number): void {
    for (let cpu = 0; cpu < this.cpus; cpu++) {
      for (let n = this.firstDue(cpu, step); n >= 0; n = this.firstDue(cpu, step)) this.land(cpu, n);
    }
    this.findNextDue();
  }

  drain(cpu: number): void {
    if (this.count(cpu) === 0) return;
    while (this.count(cpu) > 0) this.land(cpu, 0);
    this.findNextDue();
  }

  drainAll(): void {
    for (let cpu = 0; cpu < this.cpus; cpu++) this.drain(cpu);
  }

  /** Lets the stores to some words reach RAM, and the groups before them. @param end - index behind the last word */
  drainWords(cpu: number, first: number, end: number): void {
    for (let n = 0; n < this.count(cpu); ) {
      const index = this.ram[this.entry(cpu, n)] as number;
      if (index < first || index >= end) {
        n++;
        continue;
      }
      const group = this.groupOf(cpu, n);
      while (this.groupOf(cpu, 0) !== group) {
        this.land(cpu, 0);
        n--;
      }
      this.land(cpu, n);
    }
    this.findNextDue();
  }

  /** The n-th store of a buffer reaches RAM. */
  private land(cpu: number, n: number): void {
    const entry = this.entry(cpu, n);
    const count = this.count(cpu);
    const index = this.ram[entry] as number;
    this.landing(cpu, index);
    this.ram[index] = this.ram[entry + VALUE] as number;
    this.ram.copyWithin(entry, entry + ENTRY_WORDS, this.entry(cpu, count));
    this.ram[this.buffer(cpu) + COUNT] = count - 1;
  }

  /** Only stores of a buffer's oldest group can be due. */
  private findNextDue(): void {
    let next = NEVER;
    for (let cpu = 0; cpu < this.cpus; cpu++) {
      for (let n = 0; n < this.count(cpu) && this.groupOf(cpu, n) === this.groupOf(cpu, 0); n++) {
        next = Math.min(next, this.ram[this.entry(cpu, n) + DUE] as number);
      }
    }
    this.ram[this.nextDue] = next;
  }
}
