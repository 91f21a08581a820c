// SPDX-License-Identifier: GPL-2.0-only
/**
 * Writes down everything that a CPU does, when a schedule is run once more to be told.
 *
 * An access is written down when it is about to happen, behind the point at which another CPU may have been chosen, so
 * that the entries stand in the order in which RAM changed. What it left in its word is looked at when the next entry
 * is written, whoever writes it: nothing else has happened in between.
 *
 * Where stores may be delayed, the word that an access goes to is known only after the model has chosen it; and a store
 * that reaches RAM later is written down when it does.
 *
 * A stack costs more than a hundred steps do. A first run is therefore written down without, and a second one, which is
 * the same, has the stacks of the entries that turned out to matter.
 */
import { type Access, PAGE_OFFSET } from '../arch/sab/access.ts';
import type { Observer, Stop } from './det_cpu.ts';
import {
  ENTRY_ADDR,
  ENTRY_AFTER,
  ENTRY_AT,
  ENTRY_BEFORE,
  ENTRY_BYTES,
  ENTRY_HOW,
  ENTRY_KIND,
  ENTRY_OOPSES,
  ENTRY_ORDINAL,
  ENTRY_TEXT,
  ENTRY_TEXT_BYTES,
  ENTRY_WORDS,
  entryAt,
  FULL_ACCESSES,
  FULL_COUNT,
  FULL_ENTRIES,
  FULL_TEXT,
  type FullBuffers,
  KIND_BITS,
} from './full_buffers.ts';
import type { DetBuffers } from './state.ts';

/** Kinds of entries beside the accesses, LOAD, STORE and RMW. */
const NOTE = 3;
const STOPS: Readonly<Record<Stop, number>> = { sleep: 4, wait: 5, leave: 6 };
/** A store of the CPU that has waited reaches RAM. */
const LANDS = 7;

/** How an access goes: to RAM, to a store buffer, or to a value that the word had before. */
export const IN_RAM = 0;
export const BUFFERED = 1;
export const OLDER = 2;

/** A note of a CPU on what it does: the number of a trace point, and its arguments. */
export type Note = readonly [point: number, a: number, b: number, c: number];

/** What the recorder asks of the program that runs under the schedule. */
export interface Source {
  /** @returns notes that this CPU has made since it was asked last, oldest first */
  notes(): readonly Note[];
  /** @returns problems on record */
  problems(): number;
  /** @returns this thread's stack, a frame a line, innermost first, without the engine's own */
  frames(): string;
}

export class FullRecorder implements Observer {
  private readonly cpu: number;
  private readonly full: FullBuffers;
  private readonly ram: Int32Array;
  private readonly ramWords: number;
  private readonly source: Source;
  /** The entry of the access that comes now. */
  private present = 0;

  constructor(cpu: number, { full, ram, ramWords }: DetBuffers, source: Source) {
    this.cpu = cpu;
    this.full = full;
    this.ram = ram;
    this.ramWords = ramWords;
    this.source = source;
  }

  /** Before this CPU may lose the baton: what it has noted of itself since. */
  arrive(): void {
    for (const note of this.source.notes()) {
      const at = this.write(this.cpu, NOTE, 0, 0, '');
      this.full.entries.set(note, at + ENTRY_ADDR);
    }
  }

  /** The access comes now. */
  access(op: Access, addr: number, bytes: number): void {
    const { entries, wanted } = this.full;
    const ordinal = entries[FULL_ACCESSES] as number;
    entries[FULL_ACCESSES] = ordinal + 1;
    this.present = entries[FULL_COUNT] as number;
    this.write(this.cpu, op, addr, bytes, wanted[ordinal & (FULL_ENTRIES - 1)] === 1 ? this.source.frames() : '');
    entries[entryAt(this.present) + ENTRY_ORDINAL] = ordinal;
  }

  /** Where the access goes. What has reached RAM since it was written down did so before it. @param at - index */
  went(at: number, how: number): void {
    const { entries } = this.full;
    settleLast(this.full, this.ram);
    const last = (entries[FULL_COUNT] as number) - 1;
    const own = entries.slice(entryAt(this.present), entryAt(this.present) + ENTRY_WORDS);
    for (let n = this.present; n < last; n++) {
      entries.copyWithin(entryAt(n), entryAt(n + 1), entryAt(n + 1) + ENTRY_WORDS);
    }
    own[ENTRY_AT] = at;
    own[ENTRY_HOW] = how;
    own[ENTRY_BEFORE] = this.ram[at] as number;
    own[ENTRY_AFTER] = this.ram[at] as number;
    entries.set(own, entryAt(last));
  }

  /** A store of a CPU reaches RAM now. @param index - of the word */
  lands(cpu: number, index: number): void {
    this.write(cpu, LANDS, PAGE_OFFSET + 4 * index, 4, '');
  }

  stop(why: Stop, on: number): void {
    this.arrive();
    this.write(this.cpu, STOPS[why], on, 0, '');
  }

  /** @returns index of the entry's first word */
  private write(cpu: number, kind: number, addr: number, bytes: number, text: string): number {
    const { entries } = this.full;
    const n = entries[FULL_COUNT] as number;
    settleLast(this.full, this.ram);
    entries[FULL_COUNT] = n + 1;
    const at = entryAt(n);
    const word = (addr - PAGE_OFFSET) >>> 2;
    const index = isOfWord(kind) && addr >= PAGE_OFFSET && word < this.ramWords ? word : -1;
    const value = index < 0 ? 0 : (this.ram[index] as number);
    entries[at + ENTRY_KIND] = kind | (cpu << KIND_BITS);
    entries[at + ENTRY_AT] = index;
    entries[at + ENTRY_HOW] = IN_RAM;
    entries[at + ENTRY_ORDINAL] = -1;
    entries[at + ENTRY_ADDR] = addr;
    entries[at + ENTRY_BYTES] = bytes;
    entries[at + ENTRY_BEFORE] = value;
    entries[at + ENTRY_AFTER] = value;
    entries[at + ENTRY_OOPSES] = this.source.problems();
    entries[at + ENTRY_TEXT] = entries[FULL_TEXT] as number;
    entries[at + ENTRY_TEXT_BYTES] = text === '' ? 0 : this.writeText(text);
    return at;
  }

  /** @returns bytes written, 0 if there is no room */
  private writeText(text: string): number {
    const { entries, text: to } = this.full;
    const bytes = new TextEncoder().encode(text);
    const from = entries[FULL_TEXT] as number;
    if (from + bytes.length > to.length) return 0;
    to.set(bytes, from);
    entries[FULL_TEXT] = from + bytes.length;
    return bytes.length;
  }
}

const isOfWord = (kind: number): boolean => kind < NOTE || kind === LANDS;

/** Looks at what the last access has left. Also the operator's, at the end. */
export function settleLast({ entries }: FullBuffers, ram: Int32Array): void {
  const count = entries[FULL_COUNT] as number;
  if (count === 0) return;
  const at = entryAt(count - 1);
  const index = entries[at + ENTRY_AT] as number;
  if (index >= 0) entries[at + ENTRY_AFTER] = ram[index] as number;
}
