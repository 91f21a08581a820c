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
import { KIOCB_BYTES_IN_C } from '../../../src/fs/aio/kioctx.ts';
import { type Answer, namesIn, type TraceEvent } from '../trace/kinds.ts';
import type { BasicOp, IocbFields, Op, OpName } from '../trace/trace.ts';
import { type History, outOfUserSpace, POINTER_BYTES, type Ring } from './history.ts';
import { EFAULT, EINVAL, movesBytes, REFUSALS, refusalOf, signed, VECTORS } from './refusals.ts';

/** An op, as today's kernel answered it. */
interface Step<N extends OpName> {
  readonly op: { readonly [K in N]: Op<K> }[N];
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
  readonly ops: readonly OpName[];
  readonly v317: string;
  readonly today: string;
  /** where v3.17 does it, and what changed it */
  readonly source: string;
  /** @returns null where v3.17 does not answer otherwise */
  readonly predict: (step: Step<never>) => Prediction | null;
}
/** Its prediction is held against the steps that it is about. */
const row = <const N extends OpName>(
  known: Omit<KnownDifference, 'ops' | 'predict'> & {
    readonly ops: readonly N[];
    readonly predict: (step: Step<N>) => Prediction | null;
  },
): KnownDifference => known;

const EPERM = '-EPERM';
const EAGAIN = '-EAGAIN';
const IN_PROGRESS = '-EINPROGRESS';
const CANCELED = -125;

/** io_setup() failed: what it else would have answered is not there. */
const REFUSED = (ret: string, { ctxp, at }: Op<'io_setup'>): Answer => ({
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
/** IOCB_FLAG_IOPRIO, since v4.18. */
const IOPRIO = 2;
const IOPRIO_CLASS_SHIFT = 13;
const IOPRIO_CLASS_RT = 1;
const IOPRIO_CLASS_IDLE = 3;

/** Requests that v3.17 makes room for, in 32 bits. */
const reserved = (asked: number, cpus: number): number => (Math.max(asked >>> 0, 4 * cpus) * 2) >>> 0;
const ringSlots = (requests: number): number =>
  Math.ceil((EVENT_BYTES + EVENT_BYTES * (requests + 2)) / PAGE) * (PAGE / EVENT_BYTES) - 1;

const inUse = (history: History): number =>
  history.alive().reduce((sum, { asked }) => sum + reserved(asked, history.cpus), 0);

/** io_setup() is asked for a new context, and the user's pointer is not what fails. */
const asksForContext = ({ op, today }: Step<'io_setup'>): boolean =>
  (today['ret'] === 0 || today['ret'] === EAGAIN) && op.nr_events !== 0;

function setupBounds(step: Step<'io_setup'>): Prediction | null {
  if (!asksForContext(step)) return null;
  const { op, today, history } = step;
  const asked = op.nr_events >>> 0;
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

function quota({ op, today, history }: Step<'aio_nr' | 'io_setup'>): Prediction | null {
  if (op.op === 'aio_nr') return { v317: { delta: inUse(history) } };
  if (!asksForContext({ op, today, history }) || today['ret'] !== 0) return null;
  const full = inUse(history) + reserved(op.nr_events, history.cpus) > 2 * history.aioMaxNr;
  return full ? { v317: REFUSED(EAGAIN, op), parted: true } : null;
}

/**
 * Whether slots may be others in the two kernels, where v3.17 refuses before it looks for one and today's kernel after
 * that. Who finds none takes back those of the events that the head has passed: of a head that lies it matters when. Of
 * one that does not it matters when it comes to lie, or another CPU looks.
 */
const hasLooked = ({ op, history }: Step<'io_submit'>): boolean => history.isAlive(op.ctx) && history.mayLie(op.ctx);

/** v3.17 looks first whether the whole array can be in user space. */
function arrayFirst(step: Step<'io_submit'>): Prediction | null {
  const { nr = 0, iocbs } = step.op;
  const { ret } = step.today;
  const bad = iocbs === 'BAD' || iocbs === 'MINUS1' || outOfUserSpace(nr);
  if (!bad || nr < 0) return null;
  const parted = (typeof ret === 'number' && ret > 0) || (namesIn(iocbs).length > 0 && hasLooked(step));
  return parted || ret !== EFAULT ? { v317: { ret: EFAULT }, parted } : null;
}

function timeoutLast({ op, today, history }: Step<'io_getevents'>): Prediction | null {
  const cut = Array.isArray(op.timeout) && typeof op.at === 'object' && op.at.mapped < TIMESPEC_BYTES;
  if ((typeof op.timeout !== 'string' && !cut) || today['ret'] !== EFAULT) return null;
  const { min_nr = 0, nr = 0 } = op;
  const refused = !history.isAlive(op.ctx) || min_nr < 0 || min_nr > nr;
  return refused ? { v317: { ret: EINVAL } } : null;
}

/** The iocbs that v3.17 comes to if it refuses none and has slots for all: their pointers can be read. */
function readable(op: Op<'io_submit'>): readonly string[] {
  const names = namesIn(op.iocbs);
  const { nr = names.length, at } = op;
  if (nr < 0 || outOfUserSpace(nr)) return [];
  return names.slice(0, typeof at === 'object' ? Math.min(nr, Math.floor(at.mapped / POINTER_BYTES)) : nr);
}

/** A submit ends at the first iocb that is refused. */
function refused(row: (typeof REFUSALS)[number]['row'], step: Step<'io_submit'>): Prediction | null {
  const { op, today, history } = step;
  const iocbs = readable(op).map((name) => history.iocbs.get(name));
  const refusals = iocbs.map((iocb) => iocb && REFUSALS.find(({ is }) => is(iocb, history)));
  const first = refusals.findIndex((refusal) => refusal !== undefined);
  const refusal = refusals[first];
  if (refusal?.row !== row) return null;
  const { ret } = today;
  // The word behind the key comes before all but the context and what cannot be read.
  const isSooner = row === 'word_behind_the_key' && history.isAlive(op.ctx);
  const parted = isSooner && hasLooked(step);
  if (typeof ret === 'number') {
    if (ret > first) return { v317: { ret: first || refusal.error }, parted: true };
    return ret === first ? { v317: { ret }, parted } : null;
  }
  // Today's kernel refuses it, too, and looks at the buffer before the file.
  if (row === 'eventfd_is_not_read' && first === 0 && ret === EFAULT && history.isAlive(op.ctx)) {
    return refusalOf(readable(op)[0] ?? '', history) === EINVAL ? { v317: { ret: EINVAL } } : null;
  }
  const unread = typeof iocbs[0]?.at === 'object';
  return first === 0 && isSooner && !(unread && ret === EFAULT) ? { v317: { ret: refusal.error }, parted } : null;
}

/**
 * v3.17 takes what it has nothing against.
 * @param names - with slots for all of them
 * @param from - where today's kernel has ended
 */
function goesOn(names: readonly string[], from: number, history: History): Prediction {
  const errors = names.map((name) => refusalOf(name, history));
  const refused = errors.findIndex((error, i) => i >= from && error !== null);
  const taken = refused < 0 ? names.length : refused;
  return { v317: { ret: taken === 0 ? errors[0] : taken }, parted: taken > from };
}

/**
 * Today's kernel has looked at as many iocbs as the ring has slots, and taken them all: a head that lies makes that
 * many of them free. How many v3.17 takes is known of a context that nobody has asked for anything before, on one CPU.
 */
function listWhole({ op, today, history }: Step<'io_submit'>): Prediction | null {
  const ring = history.untouched(op.ctx);
  const names = readable(op);
  if (ring === null || ring.slots === 0 || today['ret'] !== ring.slots || names.length <= ring.slots) return null;
  const polls = names.map((name) => history.iocbs.get(name)?.cmd === 'poll');
  return goesOn(names.slice(0, fitting(polls, ring, history.cpus)), ring.slots, history);
}

/** How many requests an untouched context takes at once, each of which has ended when the next comes, but for polls. */
function fitting(polls: readonly boolean[], { slots, head }: Ring, cpus: number): number {
  const batch = Math.max(1, Math.floor((slots - 1) / (4 * cpus)));
  const limit = Math.floor((slots - 1) / batch) * batch;
  let tail = 0;
  let pending = 0;
  /** events whose slots have not come back */
  let unread = 0;
  const refill = (): void => {
    unread = Math.min(unread, (tail - (head % slots) + slots) % slots);
  };
  for (const [i, poll] of polls.entries()) {
    if (unread + pending >= limit) refill();
    if (unread + pending >= limit) return i;
    if (poll) {
      pending++;
      continue;
    }
    tail = (tail + 1) % slots;
    unread++;
    if (unread > 1) refill();
  }
  return polls.length;
}

/** Whether today's kernel may find that this is no priority, or none that the process may have. */
function isOddPriority(iocb: IocbFields): boolean {
  const { flags = 0, reqprio = 0 } = iocb;
  if ((flags & IOPRIO) === 0 || !movesBytes(iocb)) return false;
  const ioclass = (reqprio & 0xffff) >> IOPRIO_CLASS_SHIFT;
  return ioclass === 0 ? reqprio !== 0 : ioclass === IOPRIO_CLASS_RT || ioclass > IOPRIO_CLASS_IDLE;
}

/**
 * Today's kernel has ended at an iocb with such a priority. If v3.17 finds nothing else in it, it was that; unless
 * there was no slot, which is not foretold: the context is to have room.
 */
function priorityIgnored({ op, today, history }: Step<'io_submit'>): Prediction | null {
  const { ret } = today;
  const ended = typeof ret === 'number' ? ret : 0;
  const names = readable(op);
  const iocb = history.iocbs.get(names[ended] ?? '');
  if (iocb === undefined || !isOddPriority(iocb) || !history.isAlive(op.ctx)) return null;
  if (typeof ret !== 'number' && ret !== EINVAL && ret !== EPERM) return null;
  // Where v3.17 has ended before that, another row says so.
  const others = names.slice(0, ended).map((name) => history.iocbs.get(name));
  return others.some((other) => other && REFUSALS.some(({ is }) => is(other, history)))
    ? null
    : goesOn(names, ended, history);
}

/** v3.17 has found an address of the kernel before it comes to a length below 0. */
function vectorInOrder({ op, today, history }: Step<'io_submit'>): Prediction | null {
  const [name = ''] = readable(op);
  const iocb = history.iocbs.get(name);
  if (today['ret'] !== EINVAL || !history.isAlive(op.ctx) || iocb === undefined) return null;
  const { cmd, buf = '', nbytes = 0 } = iocb;
  const vector = history.vectors.get(buf) ?? [];
  if (!VECTORS.includes(cmd) || Number(nbytes) > vector.length) return null;
  if (!vector.slice(0, Number(nbytes)).some(([, , bytes]) => signed(bytes) < 0n)) return null;
  return refusalOf(name, history) === EFAULT ? { v317: { ret: EFAULT } } : null;
}

/** What a cancelled request ends with is the driver's to say. */
function cancelledResult({ today, history }: Step<'io_getevents' | 'user_reap' | 'ring_event'>): Prediction | null {
  const change = (event: TraceEvent): TraceEvent => {
    const [iocb, data, res, res2] = event;
    return res === 0 && history.cancelled.has(iocb ?? '') ? [iocb, data, CANCELED, res2] : event;
  };
  const { events, event } = today as { readonly events?: readonly TraceEvent[]; readonly event?: TraceEvent };
  return { v317: { ...(events && { events: events.map(change) }), ...(event && { event: change(event) }) } };
}

/** @returns what is the same whichever of the requests is cancelled, but for its data */
function newestFirst({ op, today, history }: Step<'io_cancel'>): Prediction | null {
  const data = history.inFlight.get(op.iocb) ?? [];
  return today['ret'] === IN_PROGRESS && new Set(data).size > 1 ? { v317: {}, parted: true } : null;
}

export const DIFFERENCES: readonly KnownDifference[] = [
  row({
    id: 'setup_bounds',
    ops: ['io_setup'],
    v317: 'twice the number asked for is 32 bits wide, and the memory of so many kiocbs is bounded, too',
    today: 'the number asked for is compared with aio-max-nr as it is',
    source: 'ioctx_alloc(): nr_events *= 2, 0x10000000U / sizeof(struct kiocb); 2a8a98673c13',
    predict: setupBounds,
  }),
  row({
    id: 'quota',
    ops: ['aio_nr', 'io_setup'],
    v317: 'aio-nr counts twice the number asked for, and at least 8 for each possible CPU, against twice aio-max-nr',
    today: 'it counts the number asked for, against aio-max-nr',
    source: 'ioctx_alloc(): ctx->max_reqs; 2a8a98673c13 (fix the increment of aio-nr and counting against aio-max-nr)',
    predict: quota,
  }),
  row({
    id: 'array_is_checked_first',
    ops: ['io_submit'],
    v317: 'an array that is not wholly in user space is EFAULT before the context is looked at, even an empty one',
    today: 'its elements are read one by one, after the context was found',
    source: 'do_io_submit(): access_ok(), which SYSCALL_DEFINE3(io_submit) of later kernels has not',
    predict: arrayFirst,
  }),
  row({
    id: 'word_behind_the_key',
    ops: ['io_submit'],
    v317: 'it is aio_reserved1 and must be 0, or EINVAL',
    today: 'it is aio_rw_flags',
    source: 'io_submit_one(): forward compatibility check; RWF_* for AIO since v4.13',
    predict: (step) => refused('word_behind_the_key', step),
  }),
  row({
    id: 'no_fsync_no_poll',
    ops: ['io_submit'],
    v317: 'no file system has aio_fsync(), and there is no IOCB_CMD_POLL: EINVAL',
    today: 'both are there',
    source: 'aio_run_iocb(); aio_fsync() in fs/aio.c since v4.18, aio_poll() since v4.19',
    predict: (step) => refused('no_fsync_no_poll', step),
  }),
  row({
    id: 'eventfd_is_not_read',
    ops: ['io_submit'],
    v317: 'an eventfd has no method by which a request could read it: EINVAL',
    today: 'a request reads it as read() does',
    source: 'eventfd_fops: .read only; .read_iter since v5.8, 12aceb89b0bc',
    predict: (step) => refused('eventfd_is_not_read', step),
  }),
  row({
    id: 'length_is_checked_whole',
    ops: ['io_submit'],
    v317: 'a buffer that would end behind user space is EFAULT',
    today: 'its length is cut to 0x7ffff000 bytes first',
    source: 'aio_setup_single_vector(): access_ok(); import_single_range() since v4.1',
    predict: (step) => refused('length_is_checked_whole', step),
  }),
  row({
    id: 'vector_is_counted_whole',
    ops: ['io_submit'],
    v317: 'the number of elements of a vector is a long: more than 1024 are EINVAL',
    today: 'its lower 32 bits are taken',
    source: 'aio_setup_vectored_rw(): unsigned long *nr_segs; import_iovec() has unsigned nr_segs since v4.1',
    predict: (step) => refused('vector_is_counted_whole', step),
  }),
  row({
    id: 'vector_is_checked_in_order',
    ops: ['io_submit'],
    v317: 'of each element first the length and then the address are checked: an address of the kernel is EFAULT',
    today: 'the lengths of all elements are checked before the first address: one below 0 behind it is EINVAL',
    source: 'rw_copy_check_uvector(); copy_iovec_from_user() and __import_iovec() since v5.10',
    predict: vectorInOrder,
  }),
  row({
    id: 'list_is_taken_whole',
    ops: ['io_submit'],
    v317: 'a list is taken as long as there are slots, also where it is longer than the ring',
    today: 'no more iocbs are looked at than the ring has slots',
    source: 'do_io_submit(): nr; if (nr > ctx->nr_events) in io_submit() since v4.18, 1da92779e2e8',
    predict: listWhole,
  }),
  row({
    id: 'priority_is_ignored',
    ops: ['io_submit'],
    v317: 'aio_reqprio means nothing, whatever aio_flags says',
    today: 'with IOCB_FLAG_IOPRIO it must be a priority, or EINVAL, and one that the process may have, or EPERM',
    source: 'io_submit_one(): IOCB_FLAG_RESFD only; ioprio_check_cap() in aio_prep_rw() since v4.18, d9a08a9e616b',
    predict: priorityIgnored,
  }),
  row({
    id: 'timeout_is_read_last',
    ops: ['io_getevents'],
    v317: 'the context and the numbers are looked at before the timeout is read',
    today: 'a timeout that cannot be read is EFAULT first',
    source: 'read_events(): copy_from_user(); later in SYSCALL_DEFINE5(io_getevents) itself',
    predict: timeoutLast,
  }),
  row({
    id: 'cancelled_result',
    ops: ['io_getevents', 'user_reap', 'ring_event'],
    v317: 'what a cancelled request ends with is up to its driver; the device here says ECANCELED',
    today: 'a cancelled poll ends with 0',
    source: 'kiocb_cancel(); nullb_cancel() here, aio_poll_cancel() there',
    predict: cancelledResult,
  }),
  row({
    id: 'newest_is_cancelled_first',
    ops: ['io_cancel'],
    v317: 'of several requests of one iocb the newest is cancelled',
    today: 'the oldest is',
    source: 'kiocb_set_cancel_fn(): list_add(); aio_poll(): list_add_tail()',
    predict: newestFirst,
  }),
];

/** What v3.17 answers, and which rows say so. */
export interface Foretold {
  readonly v317: Answer;
  readonly rows: readonly string[];
  readonly parted: boolean;
}

const matters = (op: BasicOp): boolean =>
  op.op === 'cpu' || (op.op === 'ring_write' && (op.set.head ?? op.set.tail ?? op.set.nr) !== undefined);

/** @param today - what today's kernel answered @param history - of the ops before */
export function foretell(op: BasicOp, today: Answer, history: History, known = DIFFERENCES): Foretold {
  let v317 = today;
  const rows: string[] = [];
  let parted = history.onlyTodayLooked && matters(op);
  for (const { id, ops, predict } of known) {
    const prediction = ops.includes(op.op) ? predict({ op: op as never, today, history }) : null;
    if (prediction === null) continue;
    const next = { ...v317, ...prediction.v317 };
    if (prediction.parted !== true && JSON.stringify(next) === JSON.stringify(v317)) continue;
    v317 = next;
    rows.push(id);
    parted ||= prediction.parted === true;
  }
  return { v317, rows, parted };
}
