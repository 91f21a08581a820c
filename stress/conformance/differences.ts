// SPDX-License-Identifier: GPL-2.0-only
/**
 * What v3.17 answers otherwise than the kernels of today, each with its source.
 *
 * A trace holds what a kernel of today answered. Each row here foretells from that, and from what the trace has done
 * before, what v3.17 answers: the very value, not that it may be another one. The port is compared with that, so it
 * fails where it answers as today's kernel does. What no row foretells must be equal.
 *
 * After some calls the two kernels are no longer in the same state: one has taken a request that the other refused. A
 * row says so by `parted`. What comes after it in a trace is compared only where the trace itself says what v3.17
 * answers (`expect_v317`), which a test allows there and nowhere else.
 *
 * Differences that no single thread can see have no row: wake-ups, look-up under RCU, how processes end.
 */
import { KIOCB_BYTES_IN_C } from '../../src/fs/aio/kioctx.ts';
import { IOCB_CMD_FDSYNC, IOCB_CMD_FSYNC } from '../../src/uapi/aio_abi.ts';
import { type History, iocbsOf } from './history.ts';
import type { Answer, TraceEvent, TraceOp } from './trace.ts';

/** An op, as today's kernel answered it. */
interface Step {
  readonly op: TraceOp;
  readonly today: Answer;
  /** of the ops before it */
  readonly history: History;
}

interface Prediction {
  /** the fields in which v3.17 answers otherwise */
  readonly v317: Answer;
  /** true if the kernels are in different states now */
  readonly parted?: boolean;
}

export interface KnownDifference {
  readonly id: string;
  readonly ops: readonly string[];
  readonly v317: string;
  readonly today: string;
  /** where v3.17 does it, and what changed it */
  readonly source: string;
  /** @returns null where v3.17 does not answer otherwise */
  readonly predict: (step: Step) => Prediction | null;
}

const EINVAL = '-EINVAL';
const EFAULT = '-EFAULT';
const EAGAIN = '-EAGAIN';
const IN_PROGRESS = '-EINPROGRESS';
const CANCELED = -125;

/** io_setup() failed: what it else would have answered is not there. */
const REFUSED = (ret: string, { ctxp, at }: TraceOp): Answer => ({
  ret,
  // Nobody can say so of a handle that is not wholly mapped.
  ctxp_unchanged: ctxp === undefined && typeof at !== 'object',
  ring_nr: undefined,
  id: undefined,
});

/** Bytes of a ring, and of kiocbs, that v3.17 allows a context. */
const SPACE_MAX = 0x10000000;
const EVENT_BYTES = 32;
const TIMESPEC_BYTES = 16;
const PAGE = 4096;
const POLL = 5;
/** End of user space with page tables of four levels. */
const USER_END = 2n ** 47n;
const POINTER_BYTES = 8n;

/** Requests that v3.17 makes room for, in 32 bits. */
const reserved = (asked: number, cpus: number): number => (Math.max(asked >>> 0, 4 * cpus) * 2) >>> 0;
const ringSlots = (requests: number): number =>
  Math.ceil((EVENT_BYTES + EVENT_BYTES * (requests + 2)) / PAGE) * (PAGE / EVENT_BYTES) - 1;

const inUse = (history: History): number =>
  history.alive().reduce((sum, { asked }) => sum + reserved(asked, history.cpus), 0);

/** io_setup() is asked for a new context, and the user's pointer is not what fails. */
const asksForContext = ({ op, today }: Step): boolean =>
  (today['ret'] === 0 || today['ret'] === EAGAIN) && (op.nr_events ?? 0) !== 0;

function setupBounds(step: Step): Prediction | null {
  if (!asksForContext(step)) return null;
  const { op, today, history } = step;
  const asked = (op.nr_events ?? 0) >>> 0;
  const requests = reserved(asked, history.cpus);
  if (requests > SPACE_MAX / KIOCB_BYTES_IN_C) return { v317: REFUSED(EINVAL, op), parted: today['ret'] === 0 };
  const room = 2 * history.aioMaxNr;
  const fits = requests > 0 && requests <= room && inUse(history) + requests <= room;
  if (today['ret'] !== EAGAIN || asked < 2 ** 31 || !fits) return null;
  // It is made, and then its handle cannot be stored.
  if (op.at === 'readonly' || op.ctxp === 'RO') return { v317: { ret: EFAULT } };
  const v317 = { ret: 0, ctxp_unchanged: false, ring_nr: ringSlots(requests), id: history.lowestId() };
  return { v317, parted: true };
}

function quota(step: Step): Prediction | null {
  const { op, today, history } = step;
  if (op.op === 'aio_nr') return { v317: { delta: inUse(history) } };
  if (!asksForContext(step) || today['ret'] !== 0) return null;
  const full = inUse(history) + reserved(op.nr_events ?? 0, history.cpus) > 2 * history.aioMaxNr;
  return full ? { v317: REFUSED(EAGAIN, op), parted: true } : null;
}

/** v3.17 looks first whether the whole array can be in user space. */
function arrayFirst({ op, today }: Step): Prediction | null {
  const { nr = 0, iocbs } = op;
  const { ret } = today;
  const bad = iocbs === 'BAD' || iocbs === 'MINUS1' || BigInt(nr) * POINTER_BYTES >= USER_END;
  return bad && nr >= 0 && ret !== EFAULT
    ? { v317: { ret: EFAULT }, parted: typeof ret === 'number' && ret > 0 }
    : null;
}

function timeoutLast({ op, today, history }: Step): Prediction | null {
  const cut = Array.isArray(op.timeout) && typeof op.at === 'object' && op.at.mapped < TIMESPEC_BYTES;
  if ((typeof op.timeout !== 'string' && !cut) || today['ret'] !== EFAULT) return null;
  const { min_nr = 0, nr = 0 } = op;
  const refused = !history.isAlive(op.ctx) || min_nr < 0 || min_nr > nr;
  return refused ? { v317: { ret: EINVAL } } : null;
}

const READS_AND_WRITES: readonly TraceOp['cmd'][] = ['pread', 'pwrite', 0, 1];
const VECTORS: readonly TraceOp['cmd'][] = ['preadv', 'pwritev', 7, 8];
const FSYNC_AND_POLL: readonly TraceOp['cmd'][] = ['fsync', 'fdsync', IOCB_CMD_FSYNC, IOCB_CMD_FDSYNC, POLL];

/** Iocbs that v3.17 refuses and today's kernel may take, in the order in which v3.17 looks. */
const REFUSALS = [
  { row: 'word_behind_the_key', error: EINVAL, is: (iocb: Partial<TraceOp>) => (iocb.rw_flags ?? 0) !== 0 },
  { row: 'no_fsync_no_poll', error: EINVAL, is: (iocb: Partial<TraceOp>) => FSYNC_AND_POLL.includes(iocb.cmd) },
  {
    row: 'length_is_checked_whole',
    error: EFAULT,
    is: ({ cmd, nbytes = 0 }: Partial<TraceOp>) => READS_AND_WRITES.includes(cmd) && BigInt(nbytes) >= USER_END,
  },
  {
    row: 'vector_is_counted_whole',
    error: EINVAL,
    is: ({ cmd, nbytes = 0 }: Partial<TraceOp>) => VECTORS.includes(cmd) && BigInt(nbytes) >= 2n ** 32n,
  },
] as const;

/** A submit ends at the first iocb that is refused. */
function refused(row: (typeof REFUSALS)[number]['row'], { op, today, history }: Step): Prediction | null {
  const iocbs = iocbsOf(op).map((name) => history.iocbs.get(name) ?? {});
  const refusals = iocbs.slice(0, op.nr).map((iocb) => REFUSALS.find(({ is }) => is(iocb)));
  const first = refusals.findIndex((refusal) => refusal !== undefined);
  const refusal = refusals[first];
  if (refusal?.row !== row) return null;
  const { ret } = today;
  if (typeof ret === 'number') return ret > first ? { v317: { ret: first || refusal.error }, parted: true } : null;
  // Today's kernel refuses it, too. The word behind the key comes before all but the context and what cannot be read.
  const unread = typeof op.at === 'object' || typeof iocbs[0]?.at === 'object';
  const sooner = first === 0 && row === 'word_behind_the_key' && history.isAlive(op.ctx);
  return sooner && !(unread && ret === EFAULT) ? { v317: { ret: refusal.error } } : null;
}

/** v3.17 has found the address of the kernel before it comes to the length below 0. */
function vectorInOrder({ op, today, history }: Step): Prediction | null {
  const [name = ''] = iocbsOf(op);
  const iocb = history.iocbs.get(name);
  if (today['ret'] !== EINVAL || !history.isAlive(op.ctx) || iocb === undefined) return null;
  const { cmd, buf, nbytes = 0, reserved2 = 0, rw_flags = 0, flags = 0 } = iocb;
  const vector = (history.vectors.get(buf ?? '') ?? []).slice(0, Number(nbytes));
  const others = Number(nbytes) < 0 || Number(nbytes) > vector.length || reserved2 !== 0 || rw_flags !== 0;
  if (!VECTORS.includes(cmd) || others || flags !== 0) return null;
  const wrong = vector.findIndex(([base, , bytes]) => base === 'BAD' || Number(bytes) < 0);
  const [base = '', , bytes = 0] = vector[wrong] ?? [];
  return Number(bytes) >= 0 && base === 'BAD' ? { v317: { ret: EFAULT } } : null;
}

/** What a cancelled request ends with is the driver's to say. */
function cancelledResult({ today, history }: Step): Prediction | null {
  const change = (event: TraceEvent): TraceEvent => {
    const [iocb, data, res, res2] = event;
    return res === 0 && history.cancelled.has(iocb ?? '') ? [iocb, data, CANCELED, res2] : event;
  };
  const { events, event } = today as { readonly events?: readonly TraceEvent[]; readonly event?: TraceEvent };
  return { v317: { ...(events && { events: events.map(change) }), ...(event && { event: change(event) }) } };
}

/** @returns what is the same whichever of the requests is cancelled, but for its data */
function newestFirst({ op, today, history }: Step): Prediction | null {
  const data = history.inFlight.get(op.iocb ?? '') ?? [];
  return today['ret'] === IN_PROGRESS && new Set(data).size > 1 ? { v317: {}, parted: true } : null;
}

export const DIFFERENCES: readonly KnownDifference[] = [
  {
    id: 'setup_bounds',
    ops: ['io_setup'],
    v317: 'twice the number asked for is 32 bits wide, and the memory of so many kiocbs is bounded, too',
    today: 'the number asked for is compared with aio-max-nr as it is',
    source: 'ioctx_alloc(): nr_events *= 2, 0x10000000U / sizeof(struct kiocb); 2a8a98673c13',
    predict: setupBounds,
  },
  {
    id: 'quota',
    ops: ['aio_nr', 'io_setup'],
    v317: 'aio-nr counts twice the number asked for, and at least 8 for each possible CPU, against twice aio-max-nr',
    today: 'it counts the number asked for, against aio-max-nr',
    source: 'ioctx_alloc(): ctx->max_reqs; 2a8a98673c13 (fix the increment of aio-nr and counting against aio-max-nr)',
    predict: quota,
  },
  {
    id: 'array_is_checked_first',
    ops: ['io_submit'],
    v317: 'an array that is not wholly in user space is EFAULT before the context is looked at, even an empty one',
    today: 'its elements are read one by one, after the context was found',
    source: 'do_io_submit(): access_ok(), which SYSCALL_DEFINE3(io_submit) of later kernels has not',
    predict: arrayFirst,
  },
  {
    id: 'word_behind_the_key',
    ops: ['io_submit'],
    v317: 'it is aio_reserved1 and must be 0, or EINVAL',
    today: 'it is aio_rw_flags',
    source: 'io_submit_one(): forward compatibility check; RWF_* for AIO since v4.13',
    predict: (step) => refused('word_behind_the_key', step),
  },
  {
    id: 'no_fsync_no_poll',
    ops: ['io_submit'],
    v317: 'no file system has aio_fsync(), and there is no IOCB_CMD_POLL: EINVAL',
    today: 'both are there',
    source: 'aio_run_iocb(); aio_fsync() in fs/aio.c since v4.18, aio_poll() since v4.19',
    predict: (step) => refused('no_fsync_no_poll', step),
  },
  {
    id: 'length_is_checked_whole',
    ops: ['io_submit'],
    v317: 'a buffer that would end behind user space is EFAULT',
    today: 'its length is cut to 0x7ffff000 bytes first',
    source: 'aio_setup_single_vector(): access_ok(); import_single_range() since v4.1',
    predict: (step) => refused('length_is_checked_whole', step),
  },
  {
    id: 'vector_is_counted_whole',
    ops: ['io_submit'],
    v317: 'the number of elements of a vector is a long: more than 1024 are EINVAL',
    today: 'its lower 32 bits are taken',
    source: 'aio_setup_vectored_rw(): unsigned long *nr_segs; import_iovec() has unsigned nr_segs since v4.1',
    predict: (step) => refused('vector_is_counted_whole', step),
  },
  {
    id: 'vector_is_checked_in_order',
    ops: ['io_submit'],
    v317: 'of each element first the length and then the address are checked: an address of the kernel is EFAULT',
    today: 'the lengths of all elements are checked before the first address: one below 0 behind it is EINVAL',
    source: 'rw_copy_check_uvector(); copy_iovec_from_user() and __import_iovec() since v5.10',
    predict: vectorInOrder,
  },
  {
    id: 'timeout_is_read_last',
    ops: ['io_getevents'],
    v317: 'the context and the numbers are looked at before the timeout is read',
    today: 'a timeout that cannot be read is EFAULT first',
    source: 'read_events(): copy_from_user(); later in SYSCALL_DEFINE5(io_getevents) itself',
    predict: timeoutLast,
  },
  {
    id: 'cancelled_result',
    ops: ['io_getevents', 'user_reap', 'ring_event'],
    v317: 'what a cancelled request ends with is up to its driver; the device here says ECANCELED',
    today: 'a cancelled poll ends with 0',
    source: 'kiocb_cancel(); nullb_cancel() here, aio_poll_cancel() there',
    predict: cancelledResult,
  },
  {
    id: 'newest_is_cancelled_first',
    ops: ['io_cancel'],
    v317: 'of several requests of one iocb the newest is cancelled',
    today: 'the oldest is',
    source: 'kiocb_set_cancel_fn(): list_add(); aio_poll(): list_add_tail()',
    predict: newestFirst,
  },
];

/** What v3.17 answers, and which rows say so. */
export interface Foretold {
  readonly v317: Answer;
  readonly rows: readonly string[];
  readonly parted: boolean;
}

/** @param today - what today's kernel answered @param history - of the ops before */
export function foretell(op: TraceOp, today: Answer, history: History, known = DIFFERENCES): Foretold {
  let v317 = today;
  const rows: string[] = [];
  let parted = false;
  for (const { id, ops, predict } of known) {
    const prediction = ops.includes(op.op) ? predict({ op, today, history }) : null;
    if (prediction === null) continue;
    const next = { ...v317, ...prediction.v317 };
    if (prediction.parted !== true && JSON.stringify(next) === JSON.stringify(v317)) continue;
    v317 = next;
    rows.push(id);
    parted ||= prediction.parted === true;
  }
  return { v317, rows, parted };
}
