// SPDX-License-Identifier: GPL-2.0-only
/** Memory runs out at every place where it can: the call fails, and nothing of it is left. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { contextOf, contexts, slotsOf } from '../../testing/slots.ts';
import {
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
import { poke } from '../../user/libaio.ts';
import { aio } from './kioctx.ts';
import { sys_io_setup, sys_io_submit } from './syscalls.ts';

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
