// SPDX-License-Identifier: GPL-2.0-only
/** Memory runs out at every place where it can: the call fails, and nothing of it is left. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { setAllocFaults } from '../../mm/fault_inject.ts';
import { liveObjects } from '../../mm/slab.ts';
import { contextOf, contexts, slotsOf } from '../../testing/slots.ts';
import {
  type Got,
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
  pointerArray,
  withFreePages,
} from '../../testing/user.ts';
import { IOCB_CMD_PREADV, iovec } from '../../uapi/aio_abi.ts';
import { ENOMEM, errname } from '../../uapi/errno.ts';
import { peek, poke } from '../../user/libaio.ts';
import { settleKernel } from '../../user/process.ts';
import { aio } from './kioctx.ts';
import { sys_io_destroy, sys_io_setup, sys_io_submit } from './syscalls.ts';

beforeEach(() => login());
afterEach(logout);

// The array of pages is in the context, and in memory of its own.
test.each([4, 300])('io_setup(%i) with too few pages, one more each time, until it succeeds', (asked) => {
  const failures: string[] = [];
  for (let left = 0; ; left++) {
    const ctxp = malloc(8);
    const ret = errname(withFreePages(left, () => sys_io_setup(asked, ctxp)));
    if (ret === '0') break;
    failures.push(ret);
    expect([aio.it.aio_nr, mm().map_count, contexts(mm()).length]).toEqual([0, 0, 0]);
    // From an empty machine each time: the slabs of the last one would help.
    logout();
    login();
  }
  expect(failures.length).toBeGreaterThan(5);
  expect(new Set(failures)).toEqual(new Set(['-ENOMEM']));
  expect(contexts(mm())).toHaveLength(1);
});

test('rings until there is no memory: those that there are work, and the last one left nothing', () => {
  aio.it.aio_max_nr = 0x1000_0000;
  const handles: number[] = [];
  const ctxp = malloc(8);
  let ret = 0;
  while (ret === 0) {
    poke(ctxp, 0);
    ret = sys_io_setup(4000, ctxp);
    if (ret === 0) handles.push(handles.length);
  }
  expect(errname(ret)).toBe('-ENOMEM');
  expect(handles.length).toBeGreaterThan(3);
  expect([aio.it.aio_nr, mm().map_count]).toEqual([8000 * handles.length, handles.length]);
  const iocb = makeIocb({ fd: openFile(8), buf: malloc(8), nbytes: 8, data: 3 });
  for (const ctx of contexts(mm())) {
    expect(io_submit(ctx.user_id, iocb)).toBe(1);
    expect(io_getevents(ctx.user_id, 9)).toEqual([{ data: 3, res: 8 }]);
  }
});

test('EAGAIN: no request can be allocated, and its slot is given back', () => {
  const ctx = io_setup(1);
  const pointers = pointerArray([makeIocb({ fd: openFile(8), buf: malloc(8), nbytes: 0 })]);
  expect(withFreePages(0, () => errname(sys_io_submit(ctx, 1, pointers)))).toBe('-EAGAIN');
  const { live, completed } = slotsOf(contextOf(mm(), ctx));
  expect([live, completed]).toEqual([0, 0]);
  expect(sys_io_submit(ctx, 1, pointers)).toBe(1);
});

test('ENOMEM: no room for a long vector', () => {
  const ctx = io_setup(1);
  const fd = openFile(8);
  // So that a request can be had.
  expect(io_submit(ctx, makeIocb({ fd, buf: malloc(8), nbytes: 8 }))).toBe(1);
  const pointers = pointerArray([
    makeIocb({ fd, cmd: IOCB_CMD_PREADV, buf: malloc(1000 * iovec.sizeof), nbytes: 1000 }),
  ]);
  expect(withFreePages(0, () => errname(sys_io_submit(ctx, 1, pointers)))).toBe('-ENOMEM');
  expect(slotsOf(contextOf(mm(), ctx)).live).toBe(0);
});

test('an event with -ENOMEM: the driver has no room', () => {
  const ctx = io_setup(1);
  expect(io_submit(ctx, makeIocb({ fd: openFile(8), buf: malloc(8), nbytes: 8 }))).toBe(1);
  const pointers = pointerArray([makeIocb({ fd: openPending(), buf: malloc(8), nbytes: 8, data: 2 })]);
  expect(withFreePages(0, () => sys_io_submit(ctx, 1, pointers))).toBe(1);
  expect(io_getevents(ctx, 9)).toEqual([
    { data: 0, res: 8 },
    { data: 2, res: -ENOMEM },
  ]);
});

/** Of each sort of call one, with the n-th allocation failing. @returns what they said, without repetition */
function callsWithFailure(nth: number): string[] {
  let left = nth;
  setAllocFaults(() => --left === 0);
  const ctxp = malloc(8);
  const said = [errname(sys_io_setup(300, ctxp))];
  const ctx = peek(ctxp);
  if (ctx !== 0) {
    const buf = malloc(64);
    const iocbs = [openedFile, openedEndpoint].map((fd) => makeIocb({ fd, buf, nbytes: 64 }));
    for (const iocb of iocbs) said.push(String(io_submit(ctx, iocb)));
    for (const { res } of io_getevents(ctx, 9) as Got[]) said.push(errname(Math.min(0, res)));
  }
  setAllocFaults(null);
  if (ctx !== 0) sys_io_destroy(ctx);
  settleKernel();
  return [...new Set([...said, ...(left > 0 ? ['no failure'] : [])])];
}
let openedFile = 0;
let openedEndpoint = 0;

test('each allocation of each call fails once: the call says so, and nothing is left', () => {
  // Else each failure after the ring has been mapped leaves the mapping.
  logout();
  login({ applied: ['unmap_failed_ring'] });
  openedFile = openFile(64);
  openedEndpoint = openPending();
  // The table of contexts stays.
  const live = (): unknown[] => [...liveObjects()].filter(([name]) => name !== 'kmalloc-32');
  const before = live();
  const seen = new Set<string>();
  for (let nth = 1; !seen.has('no failure'); nth++) {
    for (const answer of callsWithFailure(nth)) seen.add(answer);
    expect([aio.it.aio_nr, contexts(mm()).length]).toEqual([0, 0]);
    expect(live()).toEqual(before);
  }
  expect(seen).toEqual(new Set(['-ENOMEM', '-EAGAIN', '0', '1', 'no failure']));
});
