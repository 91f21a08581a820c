// SPDX-License-Identifier: GPL-2.0-only
/** Pages of a ring move, and nobody who uses the ring notices. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ptrAt } from '../../arch/sab/struct.ts';
import { nullb_complete_by_hand } from '../../drivers/null_blk.ts';
import { mutex_lock, mutex_unlock } from '../../kernel/locking/mutex.ts';
import { migrate_page } from '../../mm/migrate.ts';
import { get_page, page, page_count, pfn_range, pfn_to_page, put_page } from '../../mm/page_alloc.ts';
import { contextOf } from '../../testing/slots.ts';
import {
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
  openPending,
  userReap,
} from '../../testing/user.ts';
import { EAGAIN, EINVAL } from '../../uapi/errno.ts';
import { EVENT_BYTES, poke, ring_field } from '../../user/libaio.ts';
import { settleKernel } from '../../user/process.ts';
import type { kioctx } from './kioctx.ts';
import { sys_io_destroy } from './syscalls.ts';

beforeEach(() => login());
afterEach(logout);

const context = (handle: number): kioctx => contextOf(mm(), handle);
const ringPages = (handle: number): page[] => {
  const ctx = context(handle);
  return Array.from({ length: ctx.nr_pages }, (_, i) => ptrAt(ctx.ring_pages, i, page) as page);
};
const migrate = (p: page): number => inKernel(() => migrate_page(p));

/** Tries to move every page of RAM, as compaction does. @returns how many moved */
function compact(): number {
  const [first, end] = pfn_range();
  const answers = new Map<number, number>();
  for (let pfn = first; pfn < end; pfn++) {
    const rc = migrate(pfn_to_page(pfn));
    answers.set(rc, (answers.get(rc) ?? 0) + 1);
  }
  expect([...answers.keys()].filter((rc) => rc !== 0 && rc !== -EINVAL)).toEqual([]);
  return answers.get(0) ?? 0;
}

function completeReads(ctx: number, first: number, count: number): void {
  const fd = openFile(8);
  const buf = malloc(8);
  const iocbs = Array.from({ length: count }, (_, i) => makeIocb({ fd, buf, nbytes: 8, data: first + i }));
  expect(io_submit(ctx, ...iocbs)).toBe(count);
}
const events = (first: number, count: number): unknown[] =>
  Array.from({ length: count }, (_, i) => ({ data: first + i, res: 8 }));

describe('every page of a ring', () => {
  test.each([
    [1, 1],
    [200, 4],
    [1000, 16],
  ])('io_setup(%i): %i pages move, with the events in them', (asked, pages) => {
    const ctx = io_setup(asked);
    const count = 120 * Math.min(pages, 9);
    completeReads(ctx, 0, count);
    const before = ringPages(ctx);
    expect(before).toHaveLength(pages);
    expect(before.map(migrate)).toEqual(before.map(() => 0));
    const after = ringPages(ctx);
    expect(after.filter(({ addr }) => before.some((p) => p.addr === addr))).toEqual([]);
    expect(after.map(page_count)).toEqual(after.map(() => 2));
    expect(before.map(page_count)).toEqual(before.map(() => 0));
    expect(after.map((p) => p.index)).toEqual(before.map((_, i) => i));
    expect(userReap(ctx, 50)).toEqual(events(0, 50));
    expect(io_getevents(ctx, count)).toEqual(events(50, count - 50));
  });

  test('again and again, with completions and both ways of reading in between', () => {
    const ctx = io_setup(200);
    for (let turn = 0; turn < 30; turn++) {
      completeReads(ctx, 100 * turn, 100);
      for (const p of ringPages(ctx)) expect(migrate(p)).toBe(0);
      expect(userReap(ctx, 40)).toEqual(events(100 * turn, 40));
      expect(migrate(ringPages(ctx)[0]!)).toBe(0);
      expect(io_getevents(ctx, 100)).toEqual(events(100 * turn + 40, 60));
      expect(ringPages(ctx).map(page_count)).toEqual([2, 2, 2, 2]);
    }
  });

  test('the kernel goes on with the new pages: what user space writes there is what it reads', () => {
    const ctx = io_setup(1);
    completeReads(ctx, 0, 5);
    expect(migrate(ringPages(ctx)[0]!)).toBe(0);
    poke(ctx + EVENT_BYTES, 77);
    expect(io_getevents(ctx, 1)).toEqual([{ data: 77, res: 8 }]);
    expect(ring_field(ctx, 'head')).toBe(1);
  });

  test('with requests in flight, which complete into the new page', () => {
    const ctx = io_setup(1);
    const iocb = makeIocb({ fd: openPending(), buf: malloc(8), nbytes: 8, data: 3 });
    expect(io_submit(ctx, iocb)).toBe(1);
    expect(migrate(ringPages(ctx)[0]!)).toBe(0);
    expect(inKernel(() => nullb_complete_by_hand(iocb, 8))).toBe(true);
    expect(userReap(ctx, 9)).toEqual(events(3, 1));
  });
});

test('compaction moves the pages of all rings, and no other page', () => {
  const handles = [1, 200, 1000].map((asked) => io_setup(asked));
  for (const handle of handles) completeReads(handle, handle, 100);
  // A page may move to one that is still to be looked at, and then moves again.
  expect(compact()).toBeGreaterThanOrEqual(1 + 4 + 16);
  for (const handle of handles) {
    const after = ringPages(handle);
    expect(after.map(page_count)).toEqual(after.map(() => 2));
    expect(io_getevents(handle, 100)).toEqual(events(handle, 100));
  }
});

describe('a page that cannot move', () => {
  test('EAGAIN: ring_lock is held; the mapping is as it was', () => {
    const ctx = io_setup(1);
    completeReads(ctx, 0, 3);
    const [old] = ringPages(ctx) as [page];
    const rc = inKernel(() => {
      mutex_lock(context(ctx).ring_lock);
      const ret = migrate_page(old);
      mutex_unlock(context(ctx).ring_lock);
      return ret;
    });
    expect(rc).toBe(-EAGAIN);
    expect(ringPages(ctx)).toEqual([old]);
    expect(page_count(old)).toBe(2);
    expect(userReap(ctx, 9)).toEqual(events(0, 3));
    expect(migrate(old)).toBe(0);
  });

  test('EAGAIN: somebody else has a reference', () => {
    const ctx = io_setup(1);
    completeReads(ctx, 0, 3);
    const [old] = ringPages(ctx) as [page];
    inKernel(() => get_page(old));
    expect(migrate(old)).toBe(-EAGAIN);
    expect(page_count(old)).toBe(3);
    inKernel(() => put_page(old));
    expect(userReap(ctx, 9)).toEqual(events(0, 3));
    expect(migrate(old)).toBe(0);
  });

  test('EINVAL: a page that has moved away, or is free, or no file’s', () => {
    const ctx = io_setup(1);
    const [old] = ringPages(ctx) as [page];
    expect(migrate(old)).toBe(0);
    expect(migrate(old)).toBe(-EINVAL);
    const [current] = ringPages(ctx) as [page];
    expect(sys_io_destroy(ctx)).toBe(0);
    settleKernel();
    expect(migrate(current)).toBe(-EINVAL);
    expect(compact()).toBe(0);
  });

  test('a ring that is being destroyed can still move, until it is freed', () => {
    const ctx = io_setup(1);
    const [old] = ringPages(ctx) as [page];
    expect(sys_io_destroy(ctx)).toBe(0);
    // The kworker has not run yet.
    expect(migrate(old)).toBe(0);
  });
});
