// SPDX-License-Identifier: GPL-2.0-only
/** Where the recording of a schedule lies: its entries, their stacks, and which stacks are wanted. */
import { type Bytes, createBytes, createWords, type Words } from '../arch/sab/words.ts';

/** Entries that are kept, the last ones. A power of two. */
export const FULL_ENTRIES = 1 << 18;
export const TEXT_BYTES = 1 << 22;

// Header.
/** Whether CPUs write. */
export const FULL_ON = 0;
/** Entries so far. */
export const FULL_COUNT = 1;
/** Bytes of text so far. */
export const FULL_TEXT = 2;
/** Accesses so far. */
export const FULL_ACCESSES = 3;
const HEADER = 8;

// Words of an entry.
/** Kind, and the CPU above it. */
export const ENTRY_KIND = 0;
export const ENTRY_ADDR = 1;
export const ENTRY_BYTES = 2;
export const ENTRY_BEFORE = 3;
export const ENTRY_AFTER = 4;
/** Problems that were on record. */
export const ENTRY_OOPSES = 5;
/** Of its stack. */
export const ENTRY_TEXT = 6;
export const ENTRY_TEXT_BYTES = 7;
/** Number of the access among all. */
export const ENTRY_ORDINAL = 8;
export const ENTRY_HOW = 9;
/** Index of the word that it goes to, -1 for none. */
export const ENTRY_AT = 10;
export const ENTRY_WORDS = 12;
export const KIND_BITS = 3;

/** Can be posted. */
export interface FullBuffers {
  readonly entries: Words;
  readonly text: Bytes;
  /** By access: whether its stack is wanted. */
  readonly wanted: Bytes;
}

export const createFullBuffers = (): FullBuffers => ({
  entries: createWords(HEADER + FULL_ENTRIES * ENTRY_WORDS),
  text: createBytes(TEXT_BYTES),
  wanted: createBytes(FULL_ENTRIES),
});

/** Index of an entry's first word. */
export const entryAt = (n: number): number => HEADER + (n & (FULL_ENTRIES - 1)) * ENTRY_WORDS;
