// SPDX-License-Identifier: GPL-2.0-only
/**
 * aio-trace/1: what a process did to fs/aio on a real kernel, and what it was answered.
 *
 * A file of JSON lines: one that says on what machine it was recorded, then one for each trace. Contexts, iocbs, files,
 * buffers and descriptors have names. `expect` is what the recording kernel, v6.18, answered; `expect_v317` is what
 * v3.17 answers where that differs.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** An event: name of the iocb or null, data, res, res2. */
export type TraceEvent = readonly [iocb: string | null, data: number, res: number, res2: number];
export type Answer = Readonly<Record<string, unknown>>;

/** One step. Which arguments it has depends on `op`. */
export interface TraceOp {
  readonly op: string;
  readonly expect?: Answer;
  readonly expect_v317?: Answer;
  readonly ctx?: string;
  readonly nr_events?: number;
  readonly ctxp?: string;
  /** what *ctxp is before */
  readonly init?: number;
  /** names, a run of numbered names, or where the array is to be */
  readonly iocbs?:
    | readonly string[]
    | { readonly prefix: string; readonly count: number; readonly from: number }
    | string;
  readonly nr?: number;
  readonly min_nr?: number;
  readonly timeout?: readonly [sec: number, nsec: number] | null | 'BAD';
  readonly events?: string | number | { readonly guard_after: number };
  readonly fields?: readonly string[];
  readonly set?: Readonly<Record<string, number>>;
  readonly max?: number;
  readonly iocb?: string;
  readonly cmd?: string | number;
  readonly fd?: string | number;
  readonly buf?: string;
  readonly nbytes?: number;
  readonly offset?: number;
  readonly data?: number;
  readonly reserved2?: number;
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
  readonly iov?: string;
  readonly vec?: readonly (readonly [buf: string, offset: number, bytes: number])[];
  readonly r?: string;
  readonly res?: number;
}

export interface Trace {
  readonly id: string;
  readonly checks: string;
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
