// SPDX-License-Identifier: GPL-2.0-only
/** The system calls of a trace, and what user space does to a mapped ring. */

import { smp_processor_id } from '../../src/arch/sab/cpu.ts';
import {
  sys_io_cancel,
  sys_io_destroy,
  sys_io_getevents,
  sys_io_setup,
  sys_io_submit,
} from '../../src/fs/aio/syscalls.ts';
import { send_signal } from '../../src/kernel/sched/core.ts';
import { aio_ring } from '../../src/uapi/aio_abi.ts';
import { errname } from '../../src/uapi/errno.ts';
import { EVENT_BYTES, emptyEvent, peek, ring_field, scribble, user_getevent } from '../../src/user/libaio.ts';
import { fillUser, setLong, sha } from './port_memory.ts';
import type { PortProcess } from './port_process.ts';
import type { Answer, TraceEvent, TraceOp } from './trace.ts';

/** A list that is longer stands in a trace as its hash, its first and its last element. */
const LIST_MAX = 24;
const POINTER_BYTES = 8;

export type RingField = keyof typeof aio_ring.offsetof;
/** Does a step and says what it answers. */
export type Step = (port: PortProcess, op: TraceOp) => Answer;
export const nothing: Answer = {};

/** 0 and counts as they are, errors by name. */
export const answer = (ret: number): number | string => (ret < 0 ? errname(ret) : ret);

function eventsAnswer(events: readonly TraceEvent[]): Answer {
  if (events.length <= LIST_MAX) return { events };
  return { events_sha: sha(JSON.stringify(events)), first: events[0], last: events.at(-1) };
}

/** Puts 64-bit words at a place of their own. */
function words(port: PortProcess, values: readonly (number | string)[], place: TraceOp['at']): number {
  const bytes = new Uint8Array(POINTER_BYTES * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    setLong(view, POINTER_BYTES * i, value);
  });
  const at = port.memory.place(bytes.length, place, true);
  fillUser(at, bytes);
  return at;
}

function ioSetup(port: PortProcess, op: TraceOp): Answer {
  const init = BigInt(op.init ?? 0);
  const special = op.ctxp === undefined ? null : port.memory.special(op.ctxp);
  const ctxp = special ?? words(port, [String(init)], op.at);
  const ret = port.withFault(() => sys_io_setup(op.nr_events ?? 0, ctxp));
  if (ret !== 0) return { ret: answer(ret), ctxp_unchanged: special === null && port.isLong(ctxp, init) };
  const handle = peek(ctxp);
  port.setContext(op.ctx ?? '', handle);
  return { ret, ctxp_unchanged: false, ring_nr: ring_field(handle, 'nr'), id: ring_field(handle, 'id') };
}

/** The user address of the array of pointers that a submit names, and its length. */
function iocbArray(port: PortProcess, { iocbs, at }: TraceOp): { at: number; count: number } {
  if (typeof iocbs === 'string') return { at: port.memory.special(iocbs) ?? 0, count: 0 };
  if (iocbs === undefined) throw new Error('io_submit without iocbs');
  const names =
    'prefix' in iocbs ? Array.from({ length: iocbs.count }, (_, i) => `${iocbs.prefix}${iocbs.from + i}`) : iocbs;
  const pointers = names.map((name) => port.iocb(name));
  return { at: words(port, pointers, at), count: names.length };
}

function ioSubmit(port: PortProcess, op: TraceOp): Answer {
  const { at, count } = iocbArray(port, op);
  return { ret: answer(port.withFault(() => sys_io_submit(port.context(op.ctx), op.nr ?? count, at))) };
}

function eventRoom(port: PortProcess, { events, nr = 0 }: TraceOp): number {
  if (typeof events === 'object') return port.memory.allocGuarded(events.guard_after * EVENT_BYTES);
  const special = typeof events === 'string' ? port.memory.special(events) : null;
  return special ?? port.memory.place(Math.max(0, nr) * EVENT_BYTES, events === 'unaligned' ? events : undefined, true);
}

function timespec(port: PortProcess, { timeout, at }: TraceOp): number {
  if (timeout === null || timeout === undefined) return 0;
  if (typeof timeout === 'string') return port.memory.special(timeout) ?? 0;
  return words(port, timeout, at);
}

function ioGetevents(port: PortProcess, op: TraceOp): Answer {
  const room = eventRoom(port, op);
  const timeout = timespec(port, op);
  if (op.signal === true) send_signal(smp_processor_id());
  const ret = sys_io_getevents(port.context(op.ctx), op.min_nr ?? 0, op.nr ?? 0, room, timeout);
  return { ret: answer(ret), ...eventsAnswer(port.eventsAt(room, ret)) };
}

const slotAt = (handle: number, index: number): number => handle + aio_ring.sizeof + index * EVENT_BYTES;

function userReap(port: PortProcess, op: TraceOp): Answer {
  const handle = port.context(op.ctx);
  const events: TraceEvent[] = [];
  const taken = emptyEvent();
  while (events.length < (op.max ?? Number.POSITIVE_INFINITY)) {
    const event = port.event(slotAt(handle, ring_field(handle, 'head') % ring_field(handle, 'nr')));
    if (!user_getevent(handle, taken)) break;
    events.push(event);
  }
  return { ret: events.length, ...eventsAnswer(events) };
}

export const SYSCALLS: Readonly<Record<string, Step>> = {
  io_setup: ioSetup,
  io_submit: ioSubmit,
  io_getevents: ioGetevents,
  io_cancel: (port, op) => ({ ret: answer(sys_io_cancel(port.context(op.ctx), port.iocb(op.iocb))) }),
  io_destroy: (port, op) => ({ ret: answer(sys_io_destroy(port.context(op.ctx))) }),
  user_reap: userReap,
  ring_read: (port, op) =>
    Object.fromEntries((op.fields ?? []).map((name) => [name, ring_field(port.context(op.ctx), name as RingField)])),
  ring_write(port, op) {
    for (const [name, value] of Object.entries(op.set ?? {})) scribble(port.context(op.ctx), name as RingField, value);
    return nothing;
  },
  ring_event: (port, op) => ({ event: port.event(slotAt(port.context(op.ctx), op.index ?? 0)) }),
};
