// SPDX-License-Identifier: GPL-2.0-only
/** Runs a schedule with everything written down (src/det/full_recorder.ts), and reads it back. */
import { COPY_BYTES, PAGE_SIZE } from '../../../src/arch/sab/memory.ts';
import type { Words } from '../../../src/arch/sab/words.ts';
import {
  ENTRY_ADDR,
  ENTRY_AFTER,
  ENTRY_BEFORE,
  ENTRY_BYTES,
  ENTRY_HOW,
  ENTRY_KIND,
  ENTRY_OOPSES,
  ENTRY_ORDINAL,
  ENTRY_TEXT,
  ENTRY_TEXT_BYTES,
  entryAt,
  FULL_ACCESSES,
  FULL_COUNT,
  FULL_ENTRIES,
  FULL_ON,
  FULL_TEXT,
  type FullBuffers,
  KIND_BITS,
} from '../../../src/det/full_buffers.ts';
import { settleLast } from '../../../src/det/full_recorder.ts';
import { readNote, type TraceNote } from '../../../src/trace/events.ts';
import type { Pool } from '../../round/pool.ts';
import { runOf } from '../replay.ts';
import type { DetResult } from '../round.ts';
import type { Schedule } from '../schedule/schedule.ts';

const KINDS = ['load', 'store', 'rmw', 'trace', 'sleep', 'wait', 'leave', 'land'] as const;
/** In the order of IN_RAM, BUFFERED, OLDER. */
const HOWS = ['ram', 'buffered', 'older'] as const;

/**
 * What a CPU did: an access to RAM, a note of its own (`trace`), that it stops by itself; or that a store of its, which
 * has waited, reaches RAM (`land`).
 */
export interface Step {
  /** Number in the recording. */
  readonly n: number;
  readonly kind: (typeof KINDS)[number];
  readonly cpu: number;
  /** Of an access, or what it sleeps on; the phase that it waits for. */
  readonly addr: number;
  readonly bytes: number;
  /** The word before and after, of a block the first. */
  readonly before: number;
  readonly after: number;
  /** Problems that were on record when it came. */
  readonly oopses: number;
  /** Number among the accesses, -1 for what is none. */
  readonly ordinal: number;
  /** Where the access goes: a store may wait in the CPU's buffer, a load may give an older value. */
  readonly how: (typeof HOWS)[number];
  /** Of a `trace`; null for any other. */
  readonly note: TraceNote | null;
  /** Frames, innermost first, a line each; empty unless it was wanted. */
  readonly stack: string;
}

export interface Recording {
  readonly result: DetResult;
  /** In the order in which RAM changed; of a long run the last. */
  readonly steps: readonly Step[];
}

export const isAccess = ({ kind }: Step): boolean => kind === 'load' || kind === 'store' || kind === 'rmw';
/** Whether other CPUs may see the word change. */
export const writes = ({ kind, how }: Step): boolean =>
  kind === 'rmw' || kind === 'land' || (kind === 'store' && how !== 'buffered');

function readSteps({ entries, text }: FullBuffers): Step[] {
  const count = entries[FULL_COUNT] as number;
  const words: Words = entries;
  const decoder = new TextDecoder();
  const steps: Step[] = [];
  for (let n = Math.max(0, count - FULL_ENTRIES); n < count; n++) {
    const at = entryAt(n);
    const word = (i: number): number => words[at + i] as number;
    const kind = word(ENTRY_KIND);
    const named = KINDS[kind & ((1 << KIND_BITS) - 1)] ?? 'trace';
    const isNote = named === 'trace';
    const from = word(ENTRY_TEXT);
    steps.push({
      n,
      kind: named,
      cpu: kind >> KIND_BITS,
      addr: isNote ? 0 : word(ENTRY_ADDR) >>> 0,
      bytes: isNote ? 0 : word(ENTRY_BYTES),
      before: isNote ? 0 : word(ENTRY_BEFORE),
      after: isNote ? 0 : word(ENTRY_AFTER),
      oopses: word(ENTRY_OOPSES),
      ordinal: word(ENTRY_ORDINAL),
      how: HOWS[word(ENTRY_HOW)] ?? 'ram',
      note: isNote ? readNote(entries.subarray(at + ENTRY_ADDR, at + ENTRY_AFTER + 1)) : null,
      stack: decoder.decode(text.slice(from, from + word(ENTRY_TEXT_BYTES))),
    });
  }
  return steps;
}

/** @param wanted - ordinals of the accesses whose stacks are wanted */
export async function recordSchedule(
  pool: Pool,
  schedule: Schedule,
  wanted: Iterable<number> = [],
): Promise<Recording> {
  if (pool.det === null) throw new Error('a schedule needs a pool whose threads run one at a time');
  const { full } = pool.det;
  full.entries[FULL_COUNT] = 0;
  full.entries[FULL_TEXT] = 0;
  full.entries[FULL_ACCESSES] = 0;
  full.wanted.fill(0);
  for (const n of wanted) full.wanted[n & (FULL_ENTRIES - 1)] = 1;
  full.entries[FULL_ON] = 1;
  try {
    const result = await runOf(pool, schedule);
    settleLast(full, pool.det.ram);
    return { result, steps: readSteps(full) };
  } finally {
    full.entries[FULL_ON] = 0;
  }
}

/** Whether it stores the first of what is copied of a page. */
export const isPageCopy = (step: Step): boolean =>
  step.kind === 'store' && step.bytes === COPY_BYTES && step.addr % PAGE_SIZE === 0;
