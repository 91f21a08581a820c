// SPDX-License-Identifier: GPL-2.0-only
/**
 * User space's side: iocbs, and events read from the mapped ring without a syscall.
 *
 * The handle that io_setup() returns is the address of the ring. A reaper loads head and tail, copies the event, and
 * stores the head; the order is the protocol. There must be one consumer of a ring at a time: the kernel's head store
 * is blind, so user space keeps its reapers apart by a lock of its own.
 *
 * @linux libaio 0.3.113 io_getevents(), fio engines/libaio.c user_io_getevents()
 */
import { get_user, get_user_acquire, put_user, put_user_release, user_fault } from '../mm/uaccess.ts';
import { TP } from '../trace/events.ts';
import { trace } from '../trace/flight_recorder.ts';
import { AIO_RING_MAGIC, aio_ring, io_event, iocb } from '../uapi/aio_abi.ts';
import { type Event, SegmentationFault } from './event.ts';

export { type Event, emptyEvent, SegmentationFault } from './event.ts';

/** Loads a word of user memory. @throws SegmentationFault */
export function peek(va: number): number {
  const value = get_user(va);
  if (user_fault()) throw new SegmentationFault(va);
  return value;
}

/** Stores a word of user memory. @throws SegmentationFault */
export function poke(va: number, value: number): void {
  put_user(value, va);
  if (user_fault()) throw new SegmentationFault(va);
}

/** Bytes of an iocb, and of an event, in user memory. */
export const IOCB_BYTES = iocb.sizeof;
export const EVENT_BYTES = io_event.sizeof;

const O = iocb.offsetof;

/** Writes an iocb for a plain request to user memory, word by word, without allocating. */
export function io_prep(
  va: number,
  opcode: number,
  fd: number,
  buf: number,
  nbytes: number,
  offset: number,
  data_lo: number,
  data_hi: number,
): void {
  poke(va + O.aio_data, data_lo);
  poke(va + O.aio_data + 4, data_hi);
  poke(va + O.aio_key, 0);
  poke(va + O.aio_reserved1, 0);
  poke(va + O.aio_lio_opcode, opcode & 0xffff); // and aio_reqprio, which is the upper half
  poke(va + O.aio_fildes, fd);
  poke(va + O.aio_buf, buf);
  poke(va + O.aio_buf + 4, 0);
  poke(va + O.aio_nbytes, nbytes);
  poke(va + O.aio_nbytes + 4, nbytes >> 31);
  poke(va + O.aio_offset, offset);
  poke(va + O.aio_offset + 4, offset >> 31);
  poke(va + O.aio_reserved2, 0);
  poke(va + O.aio_reserved2 + 4, 0);
  poke(va + O.aio_flags, 0);
  poke(va + O.aio_resfd, 0);
}

const E = io_event.offsetof;

/** Reads the event at a user address into `to`. @throws SegmentationFault */
export function read_event(va: number, to: Event): void {
  to.dataLo = peek(va + E.data);
  to.dataHi = peek(va + E.data + 4);
  to.obj = peek(va + E.obj);
  to.res = peek(va + E.res);
  to.res2 = peek(va + E.res2);
}

const R = aio_ring.offsetof;

/**
 * Takes one event from the mapped ring.
 *
 * @param ctx - the handle
 * @returns false if the ring is empty
 * @throws SegmentationFault if it is not mapped
 * @context the only consumer of this ring
 */
export function user_getevent(ctx: number, to: Event): boolean {
  if (peek(ctx + R.magic) >>> 0 !== AIO_RING_MAGIC) return false;
  const nr = peek(ctx + R.nr) >>> 0;
  const head = peek(ctx + R.head) >>> 0;
  // Pairs with the store of tail in aio_complete(): the event is read after the tail that covers it.
  const tail = get_user_acquire(ctx + R.tail) >>> 0;
  if (user_fault()) throw new SegmentationFault(ctx);
  if (head === tail) return false;
  read_event(ctx + aio_ring.sizeof + (head % nr) * io_event.sizeof, to);
  // Gives the slot back; the event has been read before.
  put_user_release((head + 1) % nr, ctx + R.head);
  if (user_fault()) throw new SegmentationFault(ctx);
  trace(TP.user_reap, ctx, head, 1);
  return true;
}

/** Stores a word of a ring's header. @throws SegmentationFault */
export function scribble(ctx: number, field: keyof typeof R, value: number): void {
  trace(TP.user_scribble, ctx, R[field] >>> 2, value);
  poke(ctx + R[field], value);
}

/** Loads a word of a ring's header, unsigned. @throws SegmentationFault */
export const ring_field = (ctx: number, field: keyof typeof R): number => peek(ctx + R[field]) >>> 0;
