// SPDX-License-Identifier: GPL-2.0-only
/**
 * Draws traces: sequences of system calls with arguments that are right, odd or wild, after trinity's syscalls/aio.
 *
 * Nothing is drawn that could keep the host waiting or harm it: no timeout that is long or negative where events may be
 * missing, no descriptor on which a read blocks, few contexts, small rings.
 */
import fc from 'fast-check';
import type { Long, Place, Timeout } from '../trace/kinds.ts';
import type { Op, Trace, TraceOp } from '../trace/trace.ts';
import { type Draw, given, nat, oneOf, rarely } from './arbitraries.ts';
import { drawIocb, drawVector } from './draw_iocb.ts';
import { submitLong, submitPriority } from './draw_submit.ts';
import { BULK, Model, pick } from './model.ts';

const INT_MAX = 0x7fffffff;
/** A longer list of events is told by its hash, of which nothing can be foretold. */
const LIST_MAX = 24;
const POINTER_BYTES = 8;
/** Events that a ring of the least size has. */
const EVENTS = 126;
const DRAWS_MIN = 4;
const DRAWS_MAX = 60;

const POINTERS = ['NULL', 'BAD', 'MINUS1', 'RO', 'GUARD'] as const;
const pointer = oneOf(...POINTERS);
/** Not RO, whose zeroes are an iocb of descriptor 0: in one of the two processes that is open. */
const noIocb = oneOf(...POINTERS.filter((name) => name !== 'RO'));
const place: fc.Arbitrary<Place> = oneOf<Place>('unaligned', 'readonly', { mapped: 4 }, { mapped: 8 });
const wildContext = oneOf('BAD', 'ZERO', 'JUNK', 'c0+8');

/** A name for the context of a call. @returns undefined if nothing can be named */
function named(model: Model, n: number, wild: string | undefined): string | undefined {
  if (wild !== undefined && (wild !== 'c0+8' || model.contexts.length > 0)) return wild;
  return model.context(n)?.name;
}
const context = fc.record({ n: nat, wild: rarely(wildContext, 20) });

/** Sizes of rings around the limits of a page, that a machine has memory for. */
const goodSizes = oneOf(1, 1, 1, 2, 8, 16, 62, 63, 100, 126, 127, 190, 191, 255, 256, 500);
const oddSizes = oneOf(0, -1, 0x400001, 0x7fffffff, -0x80000000, -0x7fffffff, 0x800000, 65537, 0x3fffff);

const setup = fc
  .record({
    size: goodSizes,
    odd: rarely(oddSizes, 8),
    again: fc.boolean(),
    ctxp: rarely(pointer, 25),
    init: rarely(oneOf<Long>(1, 0x1000, -1, '0x8000000000000000'), 25),
    at: rarely(place, 25),
  })
  .map(
    ({ size, odd, again, ctxp, init, at }): Draw =>
      (model) => {
        const made = model.newContext(again);
        if (made === null) return [];
        const works =
          odd === undefined && ctxp === undefined && init === undefined && (at ?? 'unaligned') === 'unaligned';
        if (works) Object.assign(made, { alive: true, sound: true, asked: 0 });
        return [given({ op: 'io_setup', ctx: made.name, nr_events: odd ?? size, ctxp, init, at })];
      },
  );

const destroy = context.map(
  ({ n, wild }): Draw =>
    (model) => {
      const ctx = named(model, n, wild);
      if (ctx === undefined) return [];
      const found = wild === undefined ? model.context(n) : null;
      if (found !== null) model.destroyed(found);
      return [{ op: 'io_destroy', ctx }];
    },
);

const submit = fc
  .record({
    who: context,
    which: fc.array(nat, { minLength: 0, maxLength: 6 }),
    odd: rarely(noIocb, 12),
    nr: rarely(oneOf(0, 1, -1, -0x80000000), 12),
    more: rarely(oneOf(1, 8, 127, 1000, 1 << 17, 2 ** 44, 2 ** 52), 12),
    array: rarely(pointer, 25),
    at: rarely(place, 25),
  })
  .map(
    ({ who, which, odd, nr, more, array, at }): Draw =>
      (model) => {
        const ctx = named(model, who.n, who.wild);
        if (ctx === undefined) return [];
        if (array !== undefined) return [{ op: 'io_submit', ctx, iocbs: array, nr: nr ?? more ?? which.length }];
        const iocbs = which.map((n) => (model.iocbs.length > 0 ? pick(model.iocbs, n) : `i${n % BULK}`));
        if (odd !== undefined) iocbs.splice((which[0] ?? 0) % (iocbs.length + 1), 0, odd);
        if (who.wild === undefined) model.ask(model.context(who.n), iocbs.length);
        // More than there are: memory ends behind them.
        const end = { nr: iocbs.length + (more ?? 0), at: { mapped: POINTER_BYTES * iocbs.length } };
        if (more !== undefined && iocbs.length > 0) return [{ op: 'io_submit', ctx, iocbs, ...end }];
        const count = nr === undefined || nr > iocbs.length ? undefined : nr;
        return [given({ op: 'io_submit', ctx, iocbs, nr: count, at })];
      },
  );

/** Many at once: to the limit of slots, and beyond. */
const submitMany = fc.record({ who: context, count: oneOf(10, 60, 63, 100, 119, 120, 121, 126, 127) }).map(
  ({ who, count }): Draw =>
    (model) => {
      const ctx = named(model, who.n, who.wild);
      if (ctx === undefined) return [];
      if (who.wild === undefined) model.ask(model.context(who.n), count);
      return [{ op: 'io_submit', ctx, iocbs: { prefix: 'i', count, from: 0 } }];
    },
);

/** A request that stays pending. */
const poll = fc.record({ n: nat, which: nat }).map(
  ({ n, which }): Draw =>
    (model) => {
      const found = model.context(n);
      const one = pick(model.polls, which);
      if (found === null || one.state !== 'free') return [];
      if (found.alive) Object.assign(one, { state: model.hasRoom(found) ? 'pending' : 'unsure', context: found });
      model.ask(found, 1);
      return [{ op: 'io_submit', ctx: found.name, iocbs: [one.iocb] }];
    },
);

const complete = nat.map(
  (which): Draw =>
    (model) => {
      const pending = model.polls.filter(({ state }) => state === 'pending');
      if (pending.length === 0) return [];
      const one = pick(pending, which);
      one.state = 'free';
      return [{ op: 'complete', iocb: one.iocb, wfd: one.wfd, res: 65 }];
    },
);

const cancel = fc.record({ who: context, which: nat, outstanding: nat, odd: rarely(pointer, 12) }).map(
  ({ who, which, outstanding, odd }): Draw =>
    (model) => {
      const ctx = named(model, who.n, who.wild);
      if (ctx === undefined) return [];
      const one = pick(model.polls, which);
      // Six of ten are of a request that waits, in its context.
      if (odd === undefined && outstanding % 10 < 6 && one.state === 'pending' && one.context?.sound) {
        one.state = 'free';
        return [{ op: 'io_cancel', ctx: one.context.name, iocb: one.iocb }];
      }
      const waits = model.polls.some(({ iocb, state }) => iocb === one.iocb && state !== 'free');
      const other = model.iocbs.length > 0 ? pick(model.iocbs, which) : `i${which % BULK}`;
      return [{ op: 'io_cancel', ctx, iocb: odd ?? (waits ? other : one.iocb) }];
    },
);

/** Never one that waits for more than a millisecond. */
const timeout = oneOf<Timeout>([0, 0], [0, 0], [0, 0], [0, 1], [0, 1_000_000], 'BAD', 'GUARD');
const rooms = oneOf<NonNullable<Op<'io_getevents'>['events']>>(
  ...POINTERS.filter((name) => name !== 'MINUS1'),
  'unaligned',
  { guard_after: 0 },
  { guard_after: 1 },
  { guard_after: 3 },
);

const getevents = fc
  .record({
    who: context,
    few: oneOf(0, 0, 0, 1, 1, 2, 3, 8),
    more: oneOf(0, 0, 1, 2, 8, LIST_MAX - 8),
    odd: rarely(
      oneOf<readonly [min_nr: number, nr: number]>([2, 1], [1, 0], [-1, 1], [0, -1], [-1, -1], [-INT_MAX, 8]),
      8,
    ),
    timeout,
    none: rarely(oneOf(true), 8),
    events: rarely(rooms, 10),
    at: rarely(place, 25),
  })
  .map(
    ({ who, few, more, odd, timeout, none, events, at }): Draw =>
      (model) => {
        const [min_nr, nr] = odd ?? [few, few + more];
        const ctx = named(model, who.n, who.wild);
        if (ctx === undefined) return [];
        // Without a timeout only where it does not wait.
        const until = none === true && min_nr === 0 ? null : timeout;
        return [
          given({
            op: 'io_getevents',
            ctx,
            min_nr,
            nr,
            timeout: until,
            events,
            at: Array.isArray(until) ? at : undefined,
          }),
        ];
      },
  );

/** Over a header that was written over it would go on for ever: it always has a limit. */
const reap = fc.record({ n: nat, max: oneOf(1, 2, 3, 8, LIST_MAX) }).map(
  ({ n, max }): Draw =>
    (model) => {
      const found = model.context(n);
      return found === null ? [] : [{ op: 'user_reap', ctx: found.name, max }];
    },
);

const words = oneOf(0, 1, 2, 3, 5, 63, 64, 119, 120, 125, 126, 127, 128, 130, 254, 0x7fffffff, 0x80000000, 0xffffffff);
const fields = oneOf('head', 'head', 'head', 'tail', 'tail', 'id', 'nr', 'magic', 'header_length', 'compat_features');
const scribble = fc.record({ n: nat, field: fields, value: words }).map(
  ({ n, field, value }): Draw =>
    (model) => {
      const found = model.context(n);
      if (found === null) return [];
      model.doubt(found);
      return [{ op: 'ring_write', ctx: found.name, set: { [field]: value } }];
    },
);

const look = fc.record({ n: nat, index: oneOf(-1, 0, 0, 1, 2, 5, 119, 126) }).map(
  ({ n, index }): Draw =>
    (model) => {
      const found = model.context(n);
      if (found === null) return [];
      if (index >= 0) return [{ op: 'ring_event', ctx: found.name, index }];
      return [{ op: 'ring_read', ctx: found.name, fields: ['head', 'tail', 'nr', 'id'] }];
    },
);

const close = oneOf('rw', 'r', 'w').map(
  (fd): Draw =>
    (model) => {
      if (!model.fds.delete(fd)) return [];
      model.hasClosed = true;
      return [{ op: 'close', fd }];
    },
);
const reopen = oneOf('rw', 'r', 'w').map(
  (fd): Draw =>
    (model) => {
      if (model.fds.has(fd)) return [];
      model.fds.add(fd);
      return [{ op: 'open', fd, file: 'f', mode: fd }];
    },
);
const readCount: Draw = () => [{ op: 'eventfd_read', fd: 'e' }];
const otherCpu = oneOf(0, 1).map(
  (cpu): Draw =>
    () => [{ op: 'cpu', cpu }],
);

const weighted = (weight: number, arbitrary: fc.Arbitrary<Draw>): fc.WeightedArbitrary<Draw> => ({ weight, arbitrary });

const draw = fc.oneof(
  weighted(9, setup),
  weighted(3, destroy),
  weighted(22, drawIocb),
  weighted(2, drawVector),
  weighted(20, submit),
  weighted(4, submitMany),
  weighted(1, submitLong),
  weighted(2, submitPriority),
  weighted(6, poll),
  weighted(3, complete),
  weighted(5, cancel),
  weighted(14, getevents),
  weighted(7, reap),
  weighted(5, scribble),
  weighted(3, look),
  weighted(1, close),
  weighted(1, reopen),
  weighted(2, fc.constant(readCount)),
  weighted(1, otherCpu),
);

/** What is looked at in the end, whatever came before. */
function epilogue(model: Model): TraceOp[] {
  const rings = model.contexts.flatMap(({ name, asked }): TraceOp[] => [
    { op: 'ring_read', ctx: name, fields: ['head', 'tail', 'nr', 'id'] },
    ...Array.from({ length: 1 + Math.floor(Math.min(asked, EVENTS) / LIST_MAX) }, (): TraceOp => {
      return { op: 'io_getevents', ctx: name, min_nr: 0, nr: LIST_MAX, timeout: [0, 0] };
    }),
  ]);
  return [...rings, { op: 'eventfd_read', fd: 'e' }, { op: 'file_sha', file: 'f' }, { op: 'buf_sha', buf: 'b' }];
}

/** The trace that draws stand for. */
export function traceOf(draws: readonly Draw[], id: string, source: string): Trace {
  const model = new Model();
  // Without a context most calls say the same.
  const first: TraceOp = { op: 'io_setup', ctx: 'c0', nr_events: 1 };
  Object.assign(model.newContext(false) ?? {}, { alive: true, sound: true });
  const ops = [...Model.PREAMBLE, first, ...draws.flatMap((one) => one(model)), ...epilogue(model)];
  return { id, source, checks: 'drawn at random', applies: ['v3.17', 'v6.18'], ops };
}

const draws = fc.array(draw, { minLength: DRAWS_MIN, maxLength: DRAWS_MAX, size: 'max' });

/** Cases that are drawn at once. */
const BLOCK = 64;
const BLOCKS = 2 ** 24;

/** The n-th case of a seed, which is always the same one, and those that come after it. */
export function* casesOf(seed: number, from = 0): Generator<Trace, never> {
  for (let block = Math.floor(from / BLOCK), skip = from % BLOCK; ; block++, skip = 0) {
    const drawn = fc.sample(draws, { seed: (Math.imul(seed, BLOCKS + 1) + block) | 0, numRuns: BLOCK });
    for (const [i, each] of drawn.entries()) {
      if (i < skip) continue;
      const n = block * BLOCK + i;
      yield traceOf(each, `fuzz-${seed}-${n}`, `npm run conformance -- --fuzz --seed ${seed} --case ${n}`);
    }
  }
}
