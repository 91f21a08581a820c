// SPDX-License-Identifier: GPL-2.0-only
/**
 * What words of RAM held before, as far as some CPU may still see it.
 *
 * A load that the processor did early saw what was in RAM then. Here it happens late and is given an older value: one
 * that was in the word at some moment since this CPU's last read barrier. Each change of RAM has a number, its version.
 * An older value is kept with the version that ended it, and a CPU may see it if
 *
 *   - that version is above the CPU's floor: it was still there at the last read barrier; and
 *   - the CPU has neither seen nor stored anything newer in the word: no word ever goes back.
 *
 * Two values are kept for each word, and the oldest are lost to new ones: what is lost cannot be seen again, which is
 * a schedule less and never a wrong one.
 */

/** Words whose numbers agree in the lower bits share a set. Powers of two. */
const SETS = 4096;
const WAYS = 4;
/** [word's index, value, version that ended it, mask of the CPUs that have seen a newer one] */
const RECORD_WORDS = 4;
const INDEX = 0;
const VALUE = 1;
const ENDED = 2;
const SEEN = 3;
const SET_WORDS = WAYS * RECORD_WORDS;

export const OLDER_VALUES_WORDS = 1 + SETS + SETS * SET_WORDS;
/** Older values that a word has at most. */
export const OLDER_MAX = 2;

export class OlderValues {
  private readonly ram: Int32Array;
  /** The version of RAM now. */
  private readonly version: number;
  /** For each set the version up to which something is lost. */
  private readonly lost: number;
  private readonly records: number;

  /** @param ram - the memory under schedule @param base - index of the first word of this in it */
  constructor(ram: Int32Array, base: number) {
    this.ram = ram;
    this.version = base;
    this.lost = base + 1;
    this.records = this.lost + SETS;
  }

  reset(): void {
    this.ram.fill(0, this.version, this.version + OLDER_VALUES_WORDS);
  }

  now(): number {
    return this.ram[this.version] as number;
  }

  private set(index: number): number {
    return (index ^ (index >>> 12)) & (SETS - 1);
  }

  /** Keeps what a word holds, which `cpu` is about to change. */
  keep(cpu: number, index: number): void {
    const set = this.set(index);
    const first = this.records + set * SET_WORDS;
    let oldest = first;
    let own = -1;
    let ownCount = 0;
    for (let record = first; record < first + SET_WORDS; record += RECORD_WORDS) {
      const ended = this.ram[record + ENDED] as number;
      if (ended < (this.ram[oldest + ENDED] as number)) oldest = record;
      if (this.ram[record + INDEX] !== index || ended === 0) continue;
      ownCount++;
      if (own < 0 || ended < (this.ram[own + ENDED] as number)) own = record;
    }
    // A word that is written all the time displaces itself only.
    const record = ownCount < OLDER_MAX ? oldest : own;
    if (record !== own)
      this.ram[this.lost + set] = Math.max(this.ram[this.lost + set] as number, this.ram[record + ENDED] as number);
    this.ram[record + INDEX] = index;
    this.ram[record + VALUE] = this.ram[index] as number;
    this.ram[record + ENDED] = this.now() + 1;
    this.ram[record + SEEN] = 0;
    this.ram[this.version] = this.now() + 1;
    this.see(cpu, index, this.now());
  }

  /** @returns the record of the n-th older value that a CPU may see in a word, newest first; -1 if there are fewer */
  older(cpu: number, index: number, n: number, floor: number): number {
    const first = this.records + this.set(index) * SET_WORDS;
    let found = -1;
    for (let below = 0x7fff_ffff; n > 0; n--) {
      found = -1;
      let best = floor;
      for (let record = first; record < first + SET_WORDS; record += RECORD_WORDS) {
        const ended = this.ram[record + ENDED] as number;
        if (this.ram[record + INDEX] !== index || ended <= best || ended >= below) continue;
        if (((this.ram[record + SEEN] as number) & (1 << cpu)) !== 0) continue;
        best = ended;
        found = record;
      }
      if (found < 0) return -1;
      below = best;
    }
    return found;
  }

  /** Index of a record's value, and the version that ended it. */
  valueOf(record: number): number {
    return record + VALUE;
  }
  endOf(record: number): number {
    return this.ram[record + ENDED] as number;
  }

  /** A CPU has seen in a word what came with or after version `from`: what ended before or then it sees no more. */
  see(cpu: number, index: number, from: number): void {
    const first = this.records + this.set(index) * SET_WORDS;
    for (let record = first; record < first + SET_WORDS; record += RECORD_WORDS) {
      if (this.ram[record + INDEX] !== index || (this.ram[record + ENDED] as number) > from) continue;
      this.ram[record + SEEN] = (this.ram[record + SEEN] as number) | (1 << cpu);
    }
  }

  /** @returns the version with which what a word holds has come; a later one if that is lost */
  born(index: number): number {
    const set = this.set(index);
    const first = this.records + set * SET_WORDS;
    let born = 0;
    for (let record = first; record < first + SET_WORDS; record += RECORD_WORDS) {
      if (this.ram[record + INDEX] === index) born = Math.max(born, this.ram[record + ENDED] as number);
    }
    return born > 0 ? born : (this.ram[this.lost + set] as number);
  }
}
