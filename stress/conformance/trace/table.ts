// SPDX-License-Identifier: GPL-2.0-only
/**
 * The steps of a trace: a row for each, with its arguments and what it answers.
 *
 * Types and checks are made of it. What a step does on a system (ops/), what the judge takes from it (judge/history.ts)
 * and what it is in C (export_c/trace_steps.ts) are columns of functions by these names, each held against its row by
 * the compiler.
 */
import { constants } from 'node:os';
import { ERROR_NAMES } from '../../../src/uapi/errno.ts';
import {
  context,
  count,
  descriptor,
  either,
  type Fields,
  flag,
  iocbOrSpecial,
  iocbs,
  type Kind,
  list,
  long,
  makes,
  memory,
  name,
  oneOf,
  optional,
  parts,
  place,
  pointer,
  RING_FIELDS,
  type RingField,
  RUN_MAX,
  safe,
  segments,
  type TraceEvent,
  text,
  the,
  timeout,
  whole,
  word,
} from './kinds.ts';

/** Bytes of a file or buffer that a step fills or cuts off. */
const BYTES_MAX = 1 << 26;
const FILE_END_MAX = 2 ** 42;
export const CPUS_MAX = 256;

/** IOCB_CMD_*. A poll is there since v4.19; in v3.17 a read of a device stands for it. */
export const COMMANDS = {
  pread: 0,
  pwrite: 1,
  fsync: 2,
  fdsync: 3,
  poll: 5,
  noop: 6,
  preadv: 7,
  pwritev: 8,
} as const;
export type Command = keyof typeof COMMANDS;
export const OPEN_MODES = ['r', 'w', 'rw'] as const;

const isError = (value: unknown): boolean =>
  typeof value === 'string' &&
  (value === 'SIGSEGV' || ERROR_NAMES.includes(value) || (value.startsWith('-E') && value.slice(1) in constants.errno));
const ret: Kind<number | string> = {
  says: 'a number from 0 on, or the name of an error such as "-EAGAIN"',
  is: (value) => (typeof value === 'number' ? Number.isSafeInteger(value) && value >= 0 : isError(value)),
};
const event: Kind<TraceEvent> = {
  says: 'an event [iocb or null, data, res, res2]',
  is: (value) =>
    Array.isArray(value) &&
    value.length === 4 &&
    (value[0] === null || name.is(value[0])) &&
    value.slice(1).every(long.is),
};
const hash: Kind<string> = {
  says: 'a hash of 16 hexadecimal digits',
  is: (value) => typeof value === 'string' && /^[0-9a-f]{16}$/.test(value),
};
const events = {
  events: optional(list(event)),
  events_sha: optional(hash),
  first: optional(event),
  last: optional(event),
};
const sha = optional(hash);
const size = optional(count);
const u32 = optional(whole(0, 2 ** 32 - 1));

/** The same for each word of a ring's header. */
const ofRing = <K>(kind: K) =>
  Object.fromEntries(RING_FIELDS.map((field) => [field, kind])) as { readonly [F in RingField]: K };

/** What struct iocb says besides its command. */
const IOCB = {
  fd: descriptor,
  buf: optional(memory),
  nbytes: optional(long),
  offset: optional(long),
  data: optional(long),
  /** of a poll: what it waits for */
  events: optional(whole(0, 0xffff)),
  key: optional(word),
  /** the word after the key: aio_reserved1 of v3.17 */
  rw_flags: optional(word),
  reqprio: optional(whole(-0x8000, 0xffff)),
  reserved2: optional(long),
  flags: optional(word),
  resfd: optional(descriptor),
  at: optional(place),
};
const cmd = either(oneOf(...(Object.keys(COMMANDS) as Command[])), whole(0, 0xffff));
/** The error that the call is to find, by its name in error_paths.test.ts. */
const why = optional(text);

interface Row {
  readonly args: Fields;
  readonly answers: Fields;
}
const row = <const A extends Fields, const R extends Fields>(args: A, answers: R): { args: A; answers: R } => ({
  args,
  answers,
});

export const TABLE = {
  io_setup: row(
    // `init` is what *ctxp is before; `at` is where it lies.
    {
      ctx: optional(makes('context')),
      nr_events: word,
      ctxp: optional(pointer),
      init: optional(long),
      at: optional(place),
      why,
    },
    { ret: optional(ret), ctxp_unchanged: optional(flag), ring_nr: u32, id: u32 },
  ),
  // `nr` is the number of iocbs, `at` is where the array of pointers lies.
  io_submit: row({ ctx: context, iocbs, nr: optional(safe), at: optional(place), why }, { ret: optional(ret) }),
  io_getevents: row(
    {
      ctx: context,
      min_nr: optional(safe),
      nr: optional(safe),
      timeout: optional(timeout),
      /** where they go */
      events: optional(either(either(pointer, oneOf('unaligned')), parts({ guard_after: whole(0, RUN_MAX) }))),
      /** where the timespec lies */
      at: optional(place),
      /** a signal comes while it waits, or has come before */
      signal: optional(flag),
      why,
    },
    { ret: optional(ret), ...events },
  ),
  io_cancel: row({ ctx: context, iocb: iocbOrSpecial, why }, { ret: optional(ret) }),
  io_destroy: row({ ctx: context, why }, { ret: optional(ret) }),

  user_reap: row({ ctx: the('context'), max: optional(count) }, { ret: optional(ret), ...events }),
  ring_read: row({ ctx: the('context'), fields: list(oneOf(...RING_FIELDS)) }, { ret: optional(ret), ...ofRing(u32) }),
  ring_write: row({ ctx: the('context'), set: parts(ofRing(optional(word))) }, { ret: optional(ret) }),
  ring_event: row({ ctx: the('context'), index: count }, { ret: optional(ret), event: optional(event) }),

  iocb: row({ iocb: makes('iocb'), cmd, ...IOCB }, {}),
  /** iocbs prefix0, prefix1, …: their data, positions and buffers go up */
  iocbs: row(
    {
      prefix: name,
      count: whole(0, RUN_MAX),
      cmd,
      each: parts(IOCB),
      stride: optional(count),
      bufstride: optional(count),
    },
    {},
  ),
  iocb_key: row({ iocb: iocbOrSpecial, key: optional(word) }, { ret: optional(ret), key: u32 }),
  buffer: row(
    {
      buf: makes('buffer'),
      size: whole(0, BYTES_MAX),
      fill: optional(oneOf('ramp', 'zero')),
      seed: optional(count),
      at: optional(place),
    },
    {},
  ),
  buf_sha: row({ buf: the('buffer') }, { sha }),
  iovec: row({ iov: makes('buffer'), vec: segments, at: optional(place) }, {}),

  file: row({ file: makes('file'), size: whole(0, BYTES_MAX), seed: optional(count) }, {}),
  file_sha: row({ file: the('file') }, { size, sha }),
  stat: row({ file: the('file') }, { size: optional(whole(0, FILE_END_MAX)) }),
  truncate: row({ file: the('file'), size: whole(0, FILE_END_MAX) }, {}),
  open: row(
    {
      fd: makes('descriptor'),
      file: optional(the('file')),
      mode: oneOf(...OPEN_MODES),
      append: optional(flag),
      directory: optional(flag),
    },
    {},
  ),
  close: row({ fd: the('descriptor') }, { ret: optional(ret) }),
  pipe: row({ r: makes('descriptor'), w: makes('descriptor') }, {}),
  eventfd: row({ fd: makes('descriptor'), count: optional(whole(0, 2 ** 32 - 1)) }, {}),
  eventfd_read: row({ fd: the('eventfd') }, { ret: optional(ret) }),
  /** a byte into the pipe that the iocb polls, and out again; `res` is not looked at */
  complete: row({ iocb: the('iocb'), wfd: the('pipe end'), res: optional(word) }, { ret: optional(ret) }),

  /** an offset from the CPU that the trace begins on */
  cpu: row({ cpu: whole(0, CPUS_MAX - 1) }, {}),
  aio_nr: row({}, { delta: optional(safe) }),
  /** the limit, above what is in use */
  aio_max_nr: row({ max: count }, {}),
  /** the next io_setup() finds no room for the ring's mapping; on the port only: no more than so many free pages */
  fault: row({ ring_mmap: optional(flag), pages: optional(count) }, {}),
} satisfies Readonly<Record<string, Row>>;

export type OpName = keyof typeof TABLE;

/** Steps that need more than their arguments one by one. @returns what is wrong */
export const TOGETHER: { readonly [N in OpName]?: (op: Readonly<Record<string, unknown>>) => string | null } = {
  io_setup: ({ ctx, ctxp }) => ((ctx ?? ctxp) === undefined ? 'it needs ctx, or ctxp' : null),
  open: ({ file, directory }) =>
    (file === undefined) === (directory === true) ? null : 'it needs a file, or "directory":true and no file',
  fault: ({ ring_mmap, pages }) =>
    (ring_mmap === true) === (pages === undefined) ? null : 'it is either "ring_mmap":true or a number of pages',
  iocb: ({ cmd: command, events: awaited, buf, nbytes, offset }) => {
    if (command !== 'poll') return null;
    const stray = Object.entries({ buf, nbytes, offset }).find(([, value]) => value !== undefined)?.[0];
    if (stray !== undefined) return `a poll has no ${stray}`;
    return awaited === undefined ? 'a poll needs events, such as 1 for POLLIN' : null;
  },
};
