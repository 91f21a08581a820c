// SPDX-License-Identifier: GPL-2.0-only
/**
 * aio-trace/1: what a process did to fs/aio on a real kernel, and what it was answered.
 *
 * A file of JSON lines: one that says on what machine it was recorded, then one for each trace. Contexts, iocbs, files,
 * buffers and descriptors have names. `expect` is what the recording kernel answered; `expect_v317` is what v3.17
 * answers where that differs and judge/differences.ts does not foretell it.
 *
 *   io_setup io_submit io_getevents io_cancel io_destroy    the system calls
 *   user_reap ring_read ring_write ring_event               the mapped ring
 *   iocb iocbs iocb_key buffer buf_sha iovec                memory
 *   file file_sha stat truncate open close pipe eventfd eventfd_read complete
 *   cpu aio_nr aio_max_nr fault repeat                      the machine
 *
 * table.ts has the arguments of each.
 */
import { UsageError } from '../../cli/usage_error.ts';
import {
  type Answer,
  count,
  flag,
  type Kind,
  list,
  oneOf,
  optional,
  parts,
  safe,
  text,
  type ValuesOf,
  whole,
} from './kinds.ts';
import { CPUS_MAX, type OpName, type TABLE } from './table.ts';

const ROUNDS_MAX = 100_000;

/** A step that no kernel can be asked to take: the trace is wrong. */
export class TraceError extends UsageError {
  constructor(message: string) {
    super('bad-value', message);
  }
}

interface Expected {
  readonly expect?: Answer;
  readonly expect_v317?: Answer;
}
/** A step of one kind. */
export type Op<N extends OpName> = { readonly op: N } & ValuesOf<(typeof TABLE)[N]['args']> & Expected;
/** A step that asks something of the system itself. */
export type BasicOp = { [N in OpName]: Op<N> }[OpName];
/** Steps that are taken again and again. It answers with its first round, and how many rounds answered like that. */
export interface Repeat extends Expected {
  readonly op: 'repeat';
  readonly times: number;
  readonly body: readonly TraceOp[];
}
export type TraceOp = BasicOp | Repeat;

export type OpenMode = Op<'open'>['mode'];
export type { OpName };
/** What an iocb says. */
export type IocbFields = Omit<Op<'iocb'>, 'op' | 'iocb' | keyof Expected>;

const step: Kind<TraceOp> = { says: 'a step', is: () => true };

/** Its body is checked as the trace's own ops are. */
export const REPEAT = {
  args: { times: whole(1, ROUNDS_MAX), body: list(step) },
  answers: {
    alike: optional(count),
    first: optional(
      list<Answer>({ says: 'what a step answers', is: (value) => typeof value === 'object' && value !== null }),
    ),
  },
};

/** The header of a trace. */
export const TRACE_FIELDS = {
  id: text,
  checks: text,
  /** where the case comes from: a function of fs/aio.c, a test of others */
  source: optional(text),
  note: optional(text),
  /** kernels that it holds for */
  applies: list(oneOf('v3.17', 'v6.18')),
  /** possible CPUs that its expectations hold for, if not those of the file's first line */
  possible_cpus: optional(whole(1, CPUS_MAX)),
  ops: list(step),
};

/** The first line of a file: where it was recorded. */
export const META_FIELDS = {
  meta: whole(1, 1),
  format: oneOf('aio-trace/1'),
  recorded_on: optional(text),
  arch: optional(text),
  env: parts({
    possible_cpus: whole(1, CPUS_MAX),
    page_size: optional(count),
    aio_max_nr: optional(safe),
    pinned_to_one_cpu: optional(flag),
    fs: optional(text),
  }),
  runs: optional(text),
  traces: optional(count),
};

export type Trace = ValuesOf<typeof TRACE_FIELDS>;
export type Meta = ValuesOf<typeof META_FIELDS>;

/** What happened to a trace on one system. */
export interface Outcome {
  /** what each step answered, in full, as stepsOf() counts them; fewer than steps if `complaints` says why */
  readonly answers: readonly Answer[];
  /** what the kernel complained of, or how it did not come back: the trace ended with it */
  readonly complaints: readonly string[];
  /** why it could not be run here; null if it was */
  readonly skipped: string | null;
  /** why it did not come to its end, though nothing is wrong with the kernel for all that is known */
  readonly unproven?: string;
}
