// SPDX-License-Identifier: GPL-2.0-only
/**
 * The store buffers of the CPUs: plain stores that have been executed and have not reached RAM.
 *
 * They lie in the shared memory behind RAM, so that a store can be led into a buffer by giving it another index, and so
 * that whoever has the baton can let a store of any CPU reach RAM when its time has come.
 *
 * In order, a store reaches RAM after every earlier one of its CPU. Out of order, stores to different words have
 * nothing to do with each other; a second store to a word that is still in the buffer replaces the first there.
 */

/** Stores that a buffer holds; one more makes room for itself. */
const STORES_MAX = 32;
/** [word's index, value, step at which it is to reach RAM] */
const ENTRY_WORDS = 3;
const COUNT = 0;
const ENTRIES = 1;
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

  /** @returns index of the value that this CPU stored last to a word, -1 if it is not in its buffer */
  find(cpu: number, index: number): number {
    const entries = this.buffer(cpu) + ENTRIES;
    for (let n = this.count(cpu) - 1; n >= 0; n--) {
      if (this.ram[entries + n * ENTRY_WORDS] === index) return entries + n * ENTRY_WORDS + 1;
    }
    return -1;
  }

  /** @param due - the step at which it is to reach RAM at the latest @returns index of the value, to be stored there */
  push(cpu: number, index: number, due: number): number {
    if (this.count(cpu) === STORES_MAX) this.land(cpu, 0);
    const buffer = this.buffer(cpu);
    const n = this.ram[buffer + COUNT] as number;
    const entry = buffer + ENTRIES + n * ENTRY_WORDS;
    this.ram[buffer + COUNT] = n + 1;
    this.ram[entry] = index;
    this.ram[entry + 2] = due;
    this.findNextDue();
    return entry + 1;
  }

  isDue(step: number): boolean {
    return step >= (this.ram[this.nextDue] as number);
  }

  /** Lets reach RAM whatever is to by now, of every CPU. */
  drainDue(step: number): void {
    for (let cpu = 0; cpu < this.cpus; cpu++) {
      for (let n = 0; n < this.count(cpu); ) {
        const due = this.ram[this.buffer(cpu) + ENTRIES + n * ENTRY_WORDS + 2] as number;
        if (due <= step) this.land(cpu, n);
        else if (this.inOrder) break;
        else n++;
      }
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

  /** Lets the stores to some words reach RAM, and in order all before them. @param end - index behind the last word */
  drainWords(cpu: number, first: number, end: number): void {
    for (let n = this.count(cpu) - 1; n >= 0; n--) {
      const index = this.ram[this.buffer(cpu) + ENTRIES + n * ENTRY_WORDS] as number;
      if (index < first || index >= end) continue;
      if (!this.inOrder) this.land(cpu, n);
      else {
        for (let before = 0; before <= n; before++) this.land(cpu, 0);
        break;
      }
    }
    this.findNextDue();
  }

  /** The n-th store of a buffer reaches RAM. */
  private land(cpu: number, n: number): void {
    const buffer = this.buffer(cpu);
    const entry = buffer + ENTRIES + n * ENTRY_WORDS;
    const count = this.ram[buffer + COUNT] as number;
    const index = this.ram[entry] as number;
    this.landing(cpu, index);
    this.ram[index] = this.ram[entry + 1] as number;
    this.ram.copyWithin(entry, entry + ENTRY_WORDS, buffer + ENTRIES + count * ENTRY_WORDS);
    this.ram[buffer + COUNT] = count - 1;
  }

  /** In order, only the oldest store of a buffer can be due. */
  private findNextDue(): void {
    let next = NEVER;
    for (let cpu = 0; cpu < this.cpus; cpu++) {
      const stores = this.inOrder ? Math.min(1, this.count(cpu)) : this.count(cpu);
      for (let n = 0; n < stores; n++) {
        next = Math.min(next, this.ram[this.buffer(cpu) + ENTRIES + n * ENTRY_WORDS + 2] as number);
      }
    }
    this.ram[this.nextDue] = next;
  }
}
