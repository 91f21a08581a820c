// SPDX-License-Identifier: GPL-2.0-only
/** The ring: more than one page, more than one turn, and what user space may write into it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PAGE_SIZE } from '../../arch/sab/memory.ts';
import { ptrAt } from '../../arch/sab/struct.ts';
import { page } from '../../mm/page_alloc.ts';
import { contextOf, slotsOf } from '../../testing/slots.ts';
import {
  eventsAt,
  io_getevents,
  io_setup,
  io_submit,
  login,
  logout,
  makeIocb,
  malloc,
  mallocGuarded,
  mm,
  openFile,
  pointerArray,
  setIocb,
  userReap,
} from '../../testing/user.ts';
import { errname } from '../../uapi/errno.ts';
import { EVENT_BYTES, peek, ring_field, scribble } from '../../user/libaio.ts';
import { AIO_EVENTS_FIRST_PAGE, AIO_EVENTS_PER_PAGE, AIO_RING_PAGES } from './kioctx.ts';
import { sys_io_getevents, sys_io_submit } from './syscalls.ts';

let fd = 0;
let iocb = 0;
let pointer = 0;
let room = 0;
let next = 0;
beforeEach(() => {
  login();
  fd = openFile(8);
  iocb = makeIocb({ fd, buf: malloc(8), nbytes: 8 });
  pointer = pointerArray([iocb]);
  room = malloc(4096 * EVENT_BYTES);
  next = 0;
});
afterEach(logout);

/** Lets up to `count` reads complete, whose data go on counting. @returns how many got in */
function complete(ctx: number, count: number): number {
  for (let i = 0; i < count; i++) {
    setIocb(iocb, 'aio_data', next);
    if (sys_io_submit(ctx, 1, pointer) !== 1) return i;
    next++;
  }
  return count;
}
/** Reads up to `nr` events by the system call. @returns their data */
function readEvents(ctx: number, nr: number): number[] {
  const ret = sys_io_getevents(ctx, 0, nr, room, 0);
  expect(ret).toBeGreaterThanOrEqual(0);
  return eventsAt(room, ret).map(({ data }) => data);
}
const reapEvents = (ctx: number, nr: number): number[] => userReap(ctx, nr).map(({ data }) => data);
const from = (first: number, count: number): number[] => Array.from({ length: count }, (_, i) => first + i);

describe('a ring of 16 pages', () => {
  const NR = 2047;
  let ctx = 0;
  beforeEach(() => {
    ctx = io_setup(1000);
  });

  test('its pages are in an array of their own, and mapped in order', () => {
    const kioctx = contextOf(mm(), ctx);
    expect(kioctx.nr_pages).toBe(16);
    expect(kioctx.nr_pages).toBeGreaterThan(AIO_RING_PAGES);
    expect(kioctx.ring_pages).not.toBe(kioctx.internal_pages);
    const indexes = from(0, 16).map((i) => ptrAt(kioctx.ring_pages, i, page)?.index);
    expect(indexes).toEqual(from(0, 16));
  });

  test('it is filled to the last batch, and read in order', () => {
    expect(complete(ctx, NR)).toBe(2040);
    expect(complete(ctx, 1)).toBe(0);
    expect(readEvents(ctx, 4096)).toEqual(from(0, 2040));
    expect([ring_field(ctx, 'head'), ring_field(ctx, 'tail')]).toEqual([2040, 2040]);
  });

  test('an event stands where its number says: behind the header, across the ends of pages', () => {
    complete(ctx, 300);
    for (const i of [
      0,
      AIO_EVENTS_FIRST_PAGE - 1,
      AIO_EVENTS_FIRST_PAGE,
      AIO_EVENTS_FIRST_PAGE + AIO_EVENTS_PER_PAGE,
    ]) {
      expect(peek(ctx + EVENT_BYTES * (i + 1))).toBe(i);
    }
    expect(AIO_EVENTS_FIRST_PAGE * EVENT_BYTES + EVENT_BYTES).toBe(PAGE_SIZE);
  });

  test('a fault behind the end of a page leaves all events in the ring, also those that were copied', () => {
    expect(complete(ctx, 200)).toBe(200);
    const short = mallocGuarded(AIO_EVENTS_PER_PAGE * EVENT_BYTES);
    expect(errname(sys_io_getevents(ctx, 1, 200, short, 0))).toBe('-EFAULT');
    expect(eventsAt(short, AIO_EVENTS_FIRST_PAGE).map(({ data }) => data)).toEqual(from(0, AIO_EVENTS_FIRST_PAGE));
    expect(ring_field(ctx, 'head')).toBe(0);
    expect(readEvents(ctx, 200)).toEqual(from(0, 200));
  });

  test('turn after turn, by the call and by user space, in pieces that do not divide it', () => {
    let expected = 0;
    for (let turn = 0; turn < 9; turn++) {
      expect(complete(ctx, 1300)).toBe(1300);
      for (const [read, nr] of [
        [readEvents, 401],
        [reapEvents, 256],
        [readEvents, 1],
        [reapEvents, 9999],
      ] as const) {
        const got = read(ctx, nr);
        expect(got).toEqual(from(expected, got.length));
        expected += got.length;
      }
      expect(expected).toBe(next);
    }
    expect(ring_field(ctx, 'tail')).toBe((9 * 1300) % NR);
  });
});

test('a ring of one page, full again and again', () => {
  const ctx = io_setup(1);
  for (let turn = 0; turn < 20; turn++) {
    const first = next;
    expect(complete(ctx, 127)).toBe(120);
    expect((turn % 2 === 0 ? readEvents : reapEvents)(ctx, 127)).toEqual(from(first, 120));
  }
});

describe('a scribbled ring of 127, five events in it', () => {
  let ctx = 0;
  beforeEach(() => {
    ctx = io_setup(1);
    expect(complete(ctx, 5)).toBe(5);
  });

  // As the kernel answers: equal is empty, and only then both are taken modulo 127.
  test.each([
    [5, 0],
    [127, 5],
    [128, 4],
    [130, 2],
    [254, 5],
    [126, 6],
    [132, 0],
    [0x7fff_ffff, 125],
    [0x8000_0000, 124],
    [0xffff_fffe, 118],
    [0xffff_ffff, 117],
  ])('head %i: %i events, and a head in range', (head, count) => {
    scribble(ctx, 'head', head);
    expect(readEvents(ctx, 1000)).toHaveLength(count);
    expect(ring_field(ctx, 'head')).toBe(5);
    // The books know better than the ring.
    expect(complete(ctx, 200)).toBe(120);
    expect(readEvents(ctx, 1000)).toEqual(from(5, 120));
  });

  test.each([
    [0, 0],
    [3, 3],
    [7, 7],
    [127, 0],
    [128, 1],
    [0xffff_ffff, 15],
  ])('tail %i: %i events, until the next completion puts it right', (tail, count) => {
    scribble(ctx, 'tail', tail);
    expect(readEvents(ctx, 1000)).toHaveLength(count);
    expect(complete(ctx, 1)).toBe(1);
    expect(ring_field(ctx, 'tail')).toBe(6);
  });

  test('the other fields are never read', () => {
    for (const field of ['nr', 'magic', 'compat_features', 'incompat_features', 'header_length'] as const) {
      scribble(ctx, field, 0xffff_ffff);
    }
    expect(readEvents(ctx, 3)).toEqual([0, 1, 2]);
    expect(complete(ctx, 200)).toBe(118);
    expect(readEvents(ctx, 1000)).toEqual(from(3, 120));
  });

  test('a head that goes back delivers again, but gives no slot twice', () => {
    expect(readEvents(ctx, 5)).toEqual(from(0, 5));
    for (let i = 0; i < 50; i++) {
      scribble(ctx, 'head', 0);
      expect(readEvents(ctx, 1000)).toEqual(from(0, 5));
    }
    expect(complete(ctx, 200)).toBe(120);
  });

  test('a head that jumps over unread events gives their slots', () => {
    expect(complete(ctx, 200)).toBe(115);
    scribble(ctx, 'head', 60);
    expect(complete(ctx, 200)).toBe(60);
    expect(slotsOf(contextOf(mm(), ctx)).completed).toBe(120);
  });

  test('a head just behind the tail gives none', () => {
    expect(complete(ctx, 200)).toBe(115);
    scribble(ctx, 'head', 121);
    expect(complete(ctx, 1)).toBe(0);
  });
});

test('two contexts have nothing in common', () => {
  const [one, two] = [io_setup(1), io_setup(63)];
  expect([complete(one, 300), complete(two, 300)]).toEqual([120, 248]);
  expect(readEvents(one, 300)).toEqual(from(0, 120));
  expect(complete(two, 1)).toBe(0);
  expect(io_getevents(two, 300)).toHaveLength(248);
  expect(io_submit(two, iocb)).toBe(1);
});
