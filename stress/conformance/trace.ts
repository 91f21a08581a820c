// SPDX-License-Identifier: GPL-2.0-only
/**
 * aio-trace/1: what a process did to fs/aio on a real kernel, and what it was answered.
 *
 * A file of JSON lines: one that says on what machine it was recorded, then one for each trace. Contexts, iocbs, files,
 * buffers and descriptors have names. `expect` is what the recording kernel answered; `expect_v317` is what v3.17
 * answers where that differs and differences.ts does not foretell it.
 *
 *   io_setup io_submit io_getevents io_cancel io_destroy    the system calls
 *   user_reap ring_read ring_write ring_event               the mapped ring
 *   iocb iocbs iocb_key buffer buf_sha iovec                memory
 *   file file_sha stat truncate open close pipe eventfd eventfd_read complete
 *   cpu aio_nr aio_max_nr fault repeat                      the machine
 */

/** An event: name of the iocb or null, data, res, res2. Numbers beyond 2^53 are hexadecimal strings. */
export type TraceEvent = readonly [iocb: string | null, data: Long, res: Long, res2: Long];

/** A whole number of up to 64 bits: as a string, such as '0x7fffffffffffffff', where a double cannot hold it. */
export type Long = number | string;

/** Where memory lies: off by one, in a page that cannot be written, or with only its first bytes mapped. */
export type Place = 'unaligned' | 'readonly' | { readonly mapped: number };

/** A step that no kernel can be asked to take: the trace is wrong. */
export class TraceError extends Error {
  override readonly name = 'TraceError';
}

/** What an op answered, by field. */
export type Answer = Readonly<Record<string, unknown>>;

/** One step. Which arguments it has depends on `op`. */
export interface TraceOp {
  readonly op: string;
  readonly expect?: Answer;
  readonly expect_v317?: Answer;
  /** the error that the call is to find, by its name in error_paths.test.ts */
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
  readonly data?: Long;
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
  readonly vec?: readonly (readonly [buf: string, offset: number, bytes: Long])[];
  readonly r?: string;
  readonly w?: string;
  readonly wfd?: string;
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
  readonly checks: string;
  /** where the case comes from: a function of fs/aio.c, a test of others */
  readonly source?: string;
  readonly note?: string;
  /** kernels that it holds for: v3.17, v6.18 */
  readonly applies: readonly string[];
  /** possible CPUs that its expectations hold for, if not those of the file's first line */
  readonly possible_cpus?: number;
  readonly ops: readonly TraceOp[];
}

/** What happened to a trace on one system. */
export interface Outcome {
  /** what each op answered, in full; fewer than ops if `complaints` says why */
  readonly answers: readonly Answer[];
  /** what the kernel complained of, or how it did not come back: the trace ended with it */
  readonly complaints: readonly string[];
  /** why it could not be run here; null if it was */
  readonly skipped: string | null;
}
