// SPDX-License-Identifier: GPL-2.0-only
/**
 * What the locks, references and clamps are for that no commit of the registry shows: each is taken away by hand, and
 * something breaks. ARCHITECTURE.md's table of what protects what names these tests.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LOAD, STORE } from '../../arch/sab/access.ts';
import type { Addr } from '../../arch/sab/memory.ts';
import { container_of } from '../../arch/sab/struct.ts';
import { nullb_poll } from '../../drivers/null_blk.ts';
import { type list_head, list_next } from '../../lib/list.ts';
import { kfree } from '../../mm/slab.ts';
import { before, withoutLock } from '../../testing/broken_lock.ts';
import { contextOf, contexts } from '../../testing/slots.ts';
import {
  close,
  complaints,
  type Got,
  inKernel,
  io_getevents,
  io_setup,
  io_submit,
  login,
  makeIocb,
  malloc,
  mm,
  openEventfd,
  openFile,
  openPending,
  setIocb,
  userReap,
} from '../../testing/user.ts';
import { aio_ring, IOCB_FLAG_RESFD } from '../../uapi/aio_abi.ts';
import { errname } from '../../uapi/errno.ts';
import { scribble } from '../../user/libaio.ts';
import { settleKernel } from '../../user/process.ts';
import { eventfd_ctx_put } from '../eventfd.ts';
import { fput } from '../file.ts';
import { kiocb, kioctx_table, kioctx_table_slot, kmap_ring_page } from './kioctx.ts';
import { put_reqs_available } from './requests.ts';
import { sys_io_cancel, sys_io_destroy } from './syscalls.ts';

beforeEach(() => login());
// The machine is broken: the next one begins anew.
afterEach(() => login());

function reads(count: number, first = 0): number[] {
  const fd = openFile(8);
  const buf = malloc(8);
  return Array.from({ length: count }, (_, i) => makeIocb({ fd, buf, nbytes: 8, data: first + i }));
}
const dataOf = (got: Got[] | string): number[] => (got as Got[]).map(({ data }) => data);
const headWord = (ctx: number): number => kmap_ring_page(contextOf(mm(), ctx), 0) + aio_ring.offsetof.head;
const table = (): kioctx_table => kioctx_table.at(mm().ioctx_table);

test('without ring_lock two readers get the same events', () => {
  const ctx = io_setup(8);
  io_submit(ctx, ...reads(3, 100));
  let second: Got[] | string = '';
  const storesHead = headWord(ctx);
  before(
    (op, addr) => op === STORE && addr === storesHead,
    () => withoutLock(contextOf(mm(), ctx).ring_lock, () => (second = io_getevents(ctx, 9))),
  );
  // Behind its three are those that CPU 1 has counted: read_events() keeps its count in the thread.
  expect(dataOf(io_getevents(ctx, 9)).slice(0, 3)).toEqual([100, 101, 102]);
  expect(dataOf(second)).toEqual([100, 101, 102]);
});

test('without completion_lock two completions write one slot', () => {
  const ctx = io_setup(8);
  const { $tail, completion_lock } = contextOf(mm(), ctx);
  const [one, other] = reads(2, 100) as [number, number];
  before(
    (op, addr) => op === STORE && addr === $tail,
    () => withoutLock(completion_lock, () => io_submit(ctx, other)),
  );
  expect(io_submit(ctx, one)).toBe(1);
  expect(userReap(ctx, 9).map(({ data }) => data)).toEqual([101]);
});

test('without ioctx_lock two contexts get one slot of the table', () => {
  io_setup(4);
  const slot = kioctx_table_slot(table(), 1);
  let second = 0;
  before(
    (op, addr) => op === STORE && addr === slot,
    () => withoutLock(mm().ioctx_lock, () => (second = io_setup(4))),
  );
  const first = io_setup(4);
  expect(contexts(mm()).map(({ user_id }) => user_id)).toContain(first);
  expect(errname(sys_io_destroy(second))).toBe('-EINVAL');
});

test('without mmap_sem two rings are mapped at one address', () => {
  const { mmap, mmap_sem } = mm();
  let second = 0;
  before(
    (op, addr) => op === STORE && addr >= mmap && addr < mmap + 8,
    () => withoutLock(mmap_sem, () => (second = io_setup(4))),
  );
  expect(io_setup(4)).toBe(second);
});

test('a table that is freed at once is read by who looks a handle up', () => {
  const ctx = io_setup(4);
  const old = table();
  before(
    (op, addr) => op === LOAD && addr === kioctx_table_slot(old, 0),
    () => kfree(old.addr),
  );
  expect(() => sys_io_destroy(ctx)).toThrow('BUG');
  expect(complaints()).toEqual([expect.stringContaining('oops:bad-address')]);
});

test('without the bound of the table a scribbled id leads past its end', () => {
  const ctx = io_setup(4);
  table().nr = 1000;
  scribble(ctx, 'id', 20);
  expect(() => sys_io_destroy(ctx)).toThrow('KASAN');
  expect(complaints()).toEqual([expect.stringContaining('kasan:')]);
});

test('without the comparison of handles a scribbled id leads to another context', () => {
  const [ctx, other] = [io_setup(4), io_setup(4)];
  contextOf(mm(), other).user_id = ctx;
  scribble(ctx, 'id', 1);
  expect(sys_io_destroy(ctx)).toBe(0);
  expect(contexts(mm()).map(({ id }) => id)).toEqual([0]);
});

test('without the clamp of head in refill_reqs_available() a scribbled head makes slots', () => {
  const ctx = io_setup(8);
  io_submit(ctx, ...reads(1));
  const { nr_events, tail } = contextOf(mm(), ctx);
  // What it would be: more events than the ring has are taken for read.
  const head = 2 * nr_events;
  const completed = 1 - (nr_events - (head - tail));
  inKernel(() => put_reqs_available(contextOf(mm(), ctx), completed));
  expect(io_submit(ctx, ...reads(200))).toBeGreaterThan(nr_events - 1);
});

/** Submits a request that waits, with an eventfd. @returns its iocb, the request, and the descriptors */
function submitWaiting(ctx: number): { iocb: number; req: kiocb; fd: number; resfd: number } {
  const [fd, resfd] = [openPending(), openEventfd(0)];
  const iocb = makeIocb({ fd, buf: malloc(64), nbytes: 64 });
  setIocb(iocb, 'aio_flags', IOCB_FLAG_RESFD);
  setIocb(iocb, 'aio_resfd', resfd);
  expect(io_submit(ctx, iocb)).toBe(1);
  const entry = list_next(contextOf(mm(), ctx).active_reqs) as Addr<list_head>;
  return { iocb, req: container_of(entry, kiocb, 'ki_list'), fd, resfd };
}

/** Has a waiting request cancelled, and ended by its device. */
function cancel(ctx: number, iocb: number): void {
  sys_io_cancel(ctx, iocb);
  inKernel(nullb_poll);
}

test('without its reference to the file a request outlives it', () => {
  const ctx = io_setup(4);
  const { iocb, req, fd } = submitWaiting(ctx);
  inKernel(() => fput(req.ki_filp));
  close(fd);
  settleKernel();
  expect(() => cancel(ctx, iocb)).toThrow();
  expect(complaints()).toEqual([expect.stringContaining('kasan:use-after-free')]);
});

test('without its reference to the eventfd a request signals what is gone', () => {
  const ctx = io_setup(4);
  const { iocb, req, resfd } = submitWaiting(ctx);
  const { ki_eventfd } = req;
  inKernel(() => ki_eventfd !== null && eventfd_ctx_put(ki_eventfd));
  close(resfd);
  expect(() => cancel(ctx, iocb)).toThrow();
  expect(complaints()).toEqual([expect.stringContaining('kasan:use-after-free')]);
});
