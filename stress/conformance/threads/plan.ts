// SPDX-License-Identifier: GPL-2.0-only
/** What threads do on the host's kernel, and where they have their things. */
import type { Doubles, Words } from '../../../src/arch/sab/words.ts';
import type { FindingKind } from '../../../src/kernel/oops.ts';

/**
 *   getters     contexts that all threads share; events are read by io_getevents()
 *   reapers     the same; events are read from the mapped ring, whose head user space moves
 *   destroyers  contexts are destroyed and made anew under their users; other threads destroy their own with requests
 *               in flight and free the buffers, or fill a ring of their own to the brim
 */
export const PROGRAMS = ['getters', 'reapers', 'destroyers'] as const;
export type Program = (typeof PROGRAMS)[number];

export const ROLES = ['submitter', 'getter', 'reaper', 'churner', 'destroyer', 'overcommitter'] as const;
export type ThreadRole = (typeof ROLES)[number];

/** Who plays what, in turn. */
const CASTS: Readonly<Record<Program, readonly ThreadRole[]>> = {
  getters: ['submitter', 'getter'],
  reapers: ['submitter', 'reaper'],
  destroyers: ['submitter', 'getter', 'churner', 'destroyer', 'overcommitter'],
};
export const castOf = (program: Program, threads: number): ThreadRole[] =>
  Array.from({ length: threads }, (_, i) => CASTS[program][i % CASTS[program].length] as ThreadRole);

/**
 * Whether user space keeps to the rules. For tests of the books: reapers that move the head so that an event comes
 * twice, or never; destroyers that write into a buffer after they have given it up.
 */
export type Honesty = 'honest' | 'twice' | 'never' | 'late write';

/** Fewest and most threads. A program needs one for each role that it has. */
export const THREADS_MIN = CASTS.destroyers.length;
export const THREADS_MAX = 64;

export const CONTEXTS = 4;
export const BATCH_MAX = 16;
export const EVENTS_MAX = 32;
/** Direct I/O wants whole blocks. */
export const BUFFER_BYTES = 4096;
export const FILE_BYTES = 2 ** 20;
export const ENTRIES_PER_THREAD = 128;
// sizes of the ABI; src/uapi/aio_abi.ts holds its structs against them, but loads RAM
const EVENT_BYTES = 32;
const IOCB_BYTES = 64;
const POINTERS_AT = 64;
const EVENTS_AT = POINTERS_AT + 8 * BATCH_MAX;
const IOCBS_AT = EVENTS_AT + EVENT_BYTES * EVENTS_MAX;
const BUFFERS_AT = 16_384;
export const AREA = { pointers: POINTERS_AT, events: EVENTS_AT, iocbs: IOCBS_AT, buffers: BUFFERS_AT } as const;
/** Memory of a thread. */
export const AREA_BYTES = BUFFERS_AT + ENTRIES_PER_THREAD * BUFFER_BYTES;
if (IOCBS_AT + ENTRIES_PER_THREAD * IOCB_BYTES > BUFFERS_AT) throw new Error('the iocbs run into the buffers');

/** Index in `control`: not 0 when the program ends. */
export const STOP = 0;
/** Always 0: for waiting. */
export const NEVER = 1;
/** How many threads have begun. */
export const BEGUN = 2;
export const CONTROL_WORDS = 3;

export interface ThreadPlan {
  readonly program: Program;
  readonly role: ThreadRole;
  readonly thread: number;
  /** threads, and the one that starts them, which is the last */
  readonly users: number;
  readonly seed: number;
  readonly honesty: Honesty;
  /** address of all threads' memory, below 2^31 */
  readonly arena: number;
  readonly ledger: Words;
  /** handles of the shared contexts, which are wider than a word of the books */
  readonly handles: Doubles;
  readonly control: Words;
  /** descriptors of the file, through the page cache and past it */
  readonly cached: number;
  readonly direct: number;
}

/** A broken promise. */
export interface Finding {
  readonly kind: FindingKind | 'hang';
  readonly title: string;
  readonly text: string;
}

export const COUNTS = [
  'submitted',
  'reaped',
  'reaped by user',
  'thrown away',
  'raced',
  'setup',
  'destroyed',
  'destroyed in flight',
  'woken by destroy',
  'full',
] as const;
export type Count = (typeof COUNTS)[number];
export type Counts = Readonly<Record<Count, number>>;

export interface ThreadReport {
  readonly counts: Counts;
  readonly findings: readonly Finding[];
}

/** What became of a program, or of all of them. */
export interface ProgramReport extends ThreadReport {
  readonly program: Program;
}

export interface ThreadsOptions {
  readonly programs: readonly Program[];
  readonly threads: number;
  /** For all programs together. */
  readonly seconds: number;
  readonly seed: number;
  readonly honesty: Honesty;
}

/** What the process of the threads says. */
export type FromThreads =
  | { readonly kind: 'program'; readonly program: Program }
  | { readonly kind: 'none'; readonly reason: string }
  | { readonly kind: 'done'; readonly reports: readonly ProgramReport[]; readonly direct: boolean };
