// SPDX-License-Identifier: GPL-2.0-only
/** What io_getevents() copies out where it does not clamp the indexes that it finds in the ring. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { load32, store32 } from '../arch/sab/memory.ts';
import { AIO_EVENTS_PER_PAGE, AIO_RING_PAGES } from '../fs/aio/kioctx.ts';
import { alloc_page, type page, page_address, put_page } from '../mm/page_alloc.ts';
import { contextOf } from '../testing/slots.ts';
import {
  complaints,
  type Got,
  inKernel,
  io_getevents,
  io_setup,
  io_submit,
  login,
  logout,
  makeIocb,
  malloc,
  mm,
  openFile,
} from '../testing/user.ts';
import { io_event } from '../uapi/aio_abi.ts';
import { scribble } from '../user/libaio.ts';

const SECRET = 0x5ec2e7;

beforeEach(() => login());
afterEach(logout);

function reverted(): void {
  logout();
  login({ reverted: ['clamp_ring_indexes'] });
}

/** A ring of one page with three events, numbered from 100. */
function ringOfThree(): number {
  const ctx = io_setup(1);
  const fd = openFile(8);
  const buf = malloc(8);
  expect(io_submit(ctx, ...[100, 101, 102].map((data) => makeIocb({ fd, buf, nbytes: 8, data })))).toBe(3);
  return ctx;
}

/** Reads one event after the head has been scribbled over. */
function readAt(ctx: number, head: number): Got[] | string {
  scribble(ctx, 'head', head);
  return io_getevents(ctx, 1);
}

/** Runs with a page of somebody else's in the array of ring pages, where the ring has none. */
function withForeignPage<T>(ctx: number, f: (slot: number) => T): T {
  const { ring_pages } = contextOf(mm(), ctx);
  const index = AIO_RING_PAGES - 1;
  const foreign = alloc_page() as page;
  store32(page_address(foreign) + io_event.offsetof.data, SECRET);
  const before = load32(ring_pages + 4 * index);
  store32(ring_pages + 4 * index, foreign.addr);
  const ret = f(index * AIO_EVENTS_PER_PAGE - 1);
  store32(ring_pages + 4 * index, before);
  inKernel(() => put_page(foreign));
  return ret;
}

test.each([0, 2, 126, 127, 300, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff])('fixed: head %i is one of the ring', (head) => {
  const ctx = ringOfThree();
  const slot = head % contextOf(mm(), ctx).nr_events;
  // What was stored as the head is behind the tail, so the rest of the ring counts as full: zeros.
  const wanted = slot === 3 ? [] : [slot < 3 ? { data: 100 + slot, res: 8 } : { data: 0, res: 0 }];
  expect(readAt(ctx, head)).toEqual(wanted);
});

test('an index behind the ring leads to another page of the array, or is clamped', () => {
  const read = (): Got[] | string => {
    const ctx = ringOfThree();
    return withForeignPage(ctx, (slot) => readAt(ctx, slot));
  };
  expect(read()).toEqual([{ data: 0, res: 0 }]);
  reverted();
  expect(read()).toEqual([{ data: SECRET, res: 0 }]);
});

test('reverted: an index behind the context crashes', () => {
  reverted();
  const ctx = ringOfThree();
  expect(() => readAt(ctx, 0x1000_0000)).toThrow();
  expect(complaints()).toEqual([expect.stringMatching(/^(oops|kasan):/)]);
  login();
});

test('reverted: an honest ring is read to its end, and again from its beginning', () => {
  reverted();
  const ctx = ringOfThree();
  expect(io_getevents(ctx, 9)).toHaveLength(3);
  const fd = openFile(8);
  const buf = malloc(8);
  for (let turn = 0; turn < 3; turn++) {
    const iocbs = Array.from({ length: 100 }, (_, i) => makeIocb({ fd, buf, nbytes: 8, data: i }));
    expect(io_submit(ctx, ...iocbs)).toBe(100);
    expect((io_getevents(ctx, 126) as Got[]).map(({ data }) => data)).toEqual(iocbs.map((_, i) => i));
  }
});
