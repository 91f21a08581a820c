// SPDX-License-Identifier: GPL-2.0-only
/**
 * aio-trace/1: what a process did to fs/aio on a real kernel, and what it was answered.
 *
 * A file of JSON lines: one that says on what machine it was recorded, then one for each trace. Contexts, iocbs, files,
 * buffers and descriptors have names. `expect` is what the recording kernel, v6.18, answered; `expect_v317` is what
 * v3.17 answers where that differs.
 *
 *   io_setup io_submit io_getevents io_cancel io_destroy    the system calls
 *   user_reap ring_read ring_write ring_event               the mapped ring
 *   iocb iocbs iocb_key buffer buf_sha iovec                memory
 *   file file_sha truncate open close pipe eventfd eventfd_read complete
 *   cpu aio_nr aio_max_nr fault repeat                      the machine
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** An event: name of the iocb or null, data, res, res2. */
export type TraceEvent = readonly [iocb: string | null, data: number, res: number, res2: number];
export type Answer = Readonly<Record<string, unknown>>;

/** A whole number of up to 64 bits: as a string, such as '0x7fffffffffffffff', where a double cannot hold it. */
export type Long = number | string;

/** Where memory lies: off by one, in a page that cannot be written, or with only its first bytes mapped. */
export type Place = 'unaligned' | 'readonly' | { readonly mapped: number };

/** One step. Which arguments it has depends on `op`. */
export interface TraceOp {
  readonly op: string;
  readonly expect?: Answer;
  readonly expect_v317?: Answer;
  /** the error that the call is to find, as in error_paths.ts */
  readonly why?: string;
  readonly ctx?: string;
  readonly nr_events?: number;
  readonly ctxp?: string;
  /** what *ctxp is before */
  readonly init?: Long;
  /** where the iocb, buffer or vector is; of a call: *ctxp, the array of pointers, the timespec */
  readonly at?: Place;
  /** names, a run of numbered names, or where the array is to be */
  readonly iocbs?:
    | readonly string[]
    | { readonly prefix: string; readonly count: number; readonly from: number }
    | string;
  readonly nr?: number;
  readonly min_nr?: number;
  readonly timeout?: readonly [sec: number, nsec: number] | null | 'BAD' | 'GUARD';
  /** of io_getevents: where they go; of a poll: what it waits for */
  readonly events?: string | number | { readonly guard_after: number };
  /** a signal comes while it waits, or has come before */
  readonly signal?: boolean;
  readonly fields?: readonly string[];
  /** words of a ring's header */
  readonly set?: Readonly<Record<string, number>>;
  readonly index?: number;
  /** of user_reap: events at most; of aio_max_nr: the limit, above what is in use */
  readonly max?: number;
  readonly iocb?: string;
  readonly cmd?: string | number;
  readonly fd?: string | number;
  readonly buf?: string;
  readonly nbytes?: Long;
  readonly offset?: Long;
  readonly data?: number;
  readonly key?: number;
  /** the word behind the key: aio_reserved1 of v3.17 */
  readonly rw_flags?: number;
  readonly reqprio?: number;
  readonly reserved2?: Long;
  readonly flags?: number;
  readonly resfd?: string | number;
  readonly prefix?: string;
  readonly count?: number;
  readonly each?: Partial<TraceOp>;
  readonly stride?: number;
  readonly bufstride?: number;
  readonly file?: string;
  readonly size?: number;
  readonly seed?: number;
  readonly fill?: string;
  readonly mode?: string;
  readonly append?: boolean;
  readonly directory?: boolean;
  readonly iov?: string;
  readonly vec?: readonly (readonly [buf: string, offset: number, bytes: number])[];
  readonly r?: string;
  readonly res?: number;
  /** CPU, as an offset from the one that the trace begins on */
  readonly cpu?: number;
  /** the next call finds no room for the ring's mapping; or, on the port only, no more than so many free pages */
  readonly ring_mmap?: boolean;
  readonly pages?: number;
  readonly times?: number;
  readonly body?: readonly TraceOp[];
}

export interface Trace {
  readonly id: string;
  /** where the case comes from: a function of fs/aio.c, a test of others */
  readonly source?: string;
  readonly checks: string;
  readonly note?: string;
  /** possible CPUs that the answers are for, if not those of the recording machine */
  readonly possible_cpus?: number;
  /** kernels that it holds for */
  readonly applies: readonly string[];
  readonly ops: readonly TraceOp[];
}

export interface Recording {
  readonly possible_cpus: number;
  readonly traces: readonly Trace[];
}

/** Reads the recorded traces. */
export function recorded(): Recording {
  const text = readFileSync(join(import.meta.dirname, 'traces', 'recorded.jsonl'), 'utf8');
  const [first = '', ...rest] = text.trimEnd().split('\n');
  const meta = JSON.parse(first) as { readonly format: string; readonly env: { readonly possible_cpus: number } };
  if (meta.format !== 'aio-trace/1') throw new Error(`not aio-trace/1 but ${meta.format}`);
  return { possible_cpus: meta.env.possible_cpus, traces: rest.map((line) => JSON.parse(line) as Trace) };
}
