// SPDX-License-Identifier: GPL-2.0-only
/** The ops of a trace that call the kernel or touch a ring: what each does, and what it answers. */
import { AIO_RING_MAGIC, aio_ring, IOCB_CMD_FDSYNC, IOCB_CMD_FSYNC, io_event } from '../../../src/uapi/aio_abi.ts';
import { EINPROGRESS } from '../../../src/uapi/errno.ts';
import { answerOf, eventsAnswer } from '../trace/answers.ts';
import { longs } from '../trace/bytes.ts';
import { type Answer, namesIn, RING_FIELDS, type TraceEvent } from '../trace/kinds.ts';
import type { Op } from '../trace/trace.ts';
import { header, peekLong } from './memory.ts';
import type { Names } from './names.ts';
import type { System } from './system.ts';

function ioSetup(system: System, names: Names, op: Op<'io_setup'>): Answer {
  const { ctx = '', init = 0 } = op;
  const special = names.special(op.ctxp);
  const ctxp = special ?? names.put(longs([init]), op.at);
  const ret = system.io_setup(op.nr_events, ctxp);
  if (ret !== 0) {
    // Of a handle that is not wholly mapped nobody can say.
    const readable = special === null && typeof op.at !== 'object';
    const ctxp_unchanged = readable && BigInt(peekLong(system, ctxp)) === BigInt.asIntN(64, BigInt(init));
    // What the variable of that name holds: still what it held.
    if (!names.hasContext(ctx)) names.setContext(ctx, 0, 0);
    return { ret: answerOf(ret), ctxp_unchanged };
  }
  const handle = Number(peekLong(system, ctxp));
  const ring_nr = header(system, handle, 'nr');
  names.setContext(ctx, handle, ring_nr);
  return { ret, ctxp_unchanged: false, ring_nr, id: header(system, handle, 'id') };
}

function ioSubmit(system: System, names: Names, op: Op<'io_submit'>): Answer {
  const listed = namesIn(op.iocbs);
  const pointers = listed.map((name) => names.iocb(name));
  const at = typeof op.iocbs === 'string' ? system.special[op.iocbs] : names.put(longs(pointers), op.at);
  const ring = names.liveRing(op.ctx);
  const tail = ring === null ? 0 : header(system, ring.at, 'tail');
  const ret = system.io_submit(names.context(op.ctx), op.nr ?? listed.length, at);
  const accepted = names.accepted(listed.slice(0, Math.max(0, ret)), op.ctx);
  if (ring !== null && accepted.some((command) => command === IOCB_CMD_FSYNC || command === IOCB_CMD_FDSYNC)) {
    // A kworker completes these.
    const done = accepted.filter((command) => command !== system.pollCommand).length;
    system.settle(ring.at, (tail + done) % ring.nr);
  }
  return { ret: answerOf(ret) };
}

function eventRoom(system: System, names: Names, { events, nr = 0 }: Op<'io_getevents'>): number {
  if (typeof events === 'object') return system.allocGuarded(events.guard_after * io_event.sizeof);
  const special = typeof events === 'string' ? names.special(events) : null;
  const room = Math.max(0, Math.min(nr, names.slotsMax())) * io_event.sizeof;
  return special ?? names.place(room, events === 'unaligned' ? events : undefined, 'next step');
}

function timespec(names: Names, { timeout, at }: Op<'io_getevents'>): number {
  if (timeout === null || timeout === undefined) return 0;
  return typeof timeout === 'string' ? (names.special(timeout) ?? 0) : names.put(longs(timeout), at);
}

function ioGetevents(system: System, names: Names, op: Op<'io_getevents'>): Answer {
  const room = eventRoom(system, names, op);
  const timeout = timespec(names, op);
  const call = (): number => system.io_getevents(names.context(op.ctx), op.min_nr ?? 0, op.nr ?? 0, room, timeout);
  const ret = op.signal === true ? system.withSignal(call) : call();
  const events = Array.from({ length: Math.max(0, ret) }, (_, i) => names.event(room + i * io_event.sizeof));
  return { ret: answerOf(ret), ...eventsAnswer(events) };
}

function ioCancel(system: System, names: Names, op: Op<'io_cancel'>): Answer {
  const ring = names.liveRing(op.ctx);
  const tail = ring === null ? 0 : header(system, ring.at, 'tail');
  const ret = system.io_cancel(names.context(op.ctx), names.iocb(op.iocb));
  // Its event comes a little later.
  if (ring !== null && ret === -EINPROGRESS) system.settle(ring.at, (tail + 1) % ring.nr);
  return { ret: answerOf(ret) };
}

function ioDestroy(system: System, names: Names, op: Op<'io_destroy'>): Answer {
  const handle = names.context(op.ctx);
  const ret = system.io_destroy(handle);
  if (ret === 0) names.destroyed(handle);
  return { ret: answerOf(ret) };
}

/**
 * What user space does that reads the ring itself: the protocol of libaio.
 *
 * At most once around: in a ring that has been written over, head may never come to tail.
 */
function userReap(system: System, names: Names, op: Op<'user_reap'>): Answer {
  const { at } = names.ring(op.ctx);
  const events: TraceEvent[] = [];
  while (header(system, at, 'magic') === AIO_RING_MAGIC) {
    const head = header(system, at, 'head');
    const nr = header(system, at, 'nr');
    if (events.length >= Math.min(op.max ?? Number.POSITIVE_INFINITY, Math.max(nr, 1))) break;
    if (head === header(system, at, 'tail')) break;
    events.push(names.event(names.slot(op.ctx, head % nr)));
    system.poke(at + aio_ring.offsetof.head, (head + 1) % nr);
  }
  return { ret: events.length, ...eventsAnswer(events) };
}

function ringRead(system: System, names: Names, op: Op<'ring_read'>): Answer {
  const { at } = names.ring(op.ctx);
  return Object.fromEntries(op.fields.map((field) => [field, header(system, at, field)]));
}

function ringWrite(system: System, names: Names, op: Op<'ring_write'>): Answer {
  const { at } = names.ring(op.ctx);
  for (const field of RING_FIELDS) {
    const value = op.set[field];
    if (value !== undefined) system.poke(at + aio_ring.offsetof[field], value);
  }
  return {};
}

export const CALLS = {
  io_setup: ioSetup,
  io_submit: ioSubmit,
  io_getevents: ioGetevents,
  io_cancel: ioCancel,
  io_destroy: ioDestroy,
  user_reap: userReap,
  ring_read: ringRead,
  ring_write: ringWrite,
  ring_event: (_: System, names: Names, op: Op<'ring_event'>): Answer => ({
    event: names.event(names.slot(op.ctx, op.index)),
  }),
};
