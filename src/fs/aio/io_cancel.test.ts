// SPDX-License-Identifier: GPL-2.0-only
/** io_cancel(), on a device whose requests wait for it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PAGE_OFFSET } from '../../arch/sab/access.ts';
import { nullb_complete_by_hand, nullb_poll, nullb_set_delay } from '../../drivers/null_blk.ts';
import { contextOf, slotsOf } from '../../testing/slots.ts';
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
  setIocb,
} from '../../testing/user.ts';
import { ECANCELED, errname } from '../../uapi/errno.ts';
import { ring_field } from '../../user/libaio.ts';
import { sys_io_cancel, sys_io_destroy } from './syscalls.ts';

let ctx = 0;
let fd = 0;
beforeEach(() => {
  login();
  ctx = io_setup(8);
  fd = openPending();
});
afterEach(logout);

const cancel = (iocb: number, handle = ctx): string => errname(sys_io_cancel(handle, iocb));
const pendingRead = (data: number): number => makeIocb({ fd, buf: malloc(64), nbytes: 64, data });
/** Has the device end what can end. @returns requests ended */
const serveDevice = (): number => inKernel(nullb_poll);

describe('errors, in the order in which they are looked for', () => {
  test('EFAULT: the iocb cannot be read, whatever the handle is', () => {
    for (const iocb of [0, -1, PAGE_OFFSET + 4096]) {
      for (const handle of [ctx, 0, -1]) expect(cancel(iocb, handle)).toBe('-EFAULT');
    }
  });

  test('EINVAL: no context has that handle', () => {
    const iocb = pendingRead(1);
    expect(io_submit(ctx, iocb)).toBe(1);
    for (const handle of [0, -1, ctx + 8, malloc(32)]) expect(cancel(iocb, handle)).toBe('-EINVAL');
    expect(cancel(iocb, io_setup(1))).toBe('-EINVAL');
  });

  test('EINVAL: the key is not 0', () => {
    const iocb = pendingRead(1);
    expect(io_submit(ctx, iocb)).toBe(1);
    setIocb(iocb, 'aio_key', 1);
    expect(cancel(iocb)).toBe('-EINVAL');
    setIocb(iocb, 'aio_key', 0);
    expect(cancel(iocb)).toBe('-EINPROGRESS');
  });

  test('EINVAL: a request that is not in flight, or cannot be cancelled', () => {
    const iocb = pendingRead(1);
    expect(cancel(iocb)).toBe('-EINVAL');
    expect(io_submit(ctx, iocb)).toBe(1);
    expect(cancel(malloc(64))).toBe('-EINVAL');
    expect(inKernel(() => nullb_complete_by_hand(iocb, 64))).toBe(true);
    expect(cancel(iocb)).toBe('-EINVAL');
    expect(io_getevents(ctx, 9)).toEqual([{ data: 1, res: 64 }]);
    expect(cancel(iocb)).toBe('-EINVAL');

    const read = makeIocb({ fd: openFile(8), buf: malloc(8), nbytes: 8 });
    expect(io_submit(ctx, read)).toBe(1);
    expect(cancel(read)).toBe('-EINVAL');
  });
});

test('EINPROGRESS: the event comes through the ring, when the driver has ended the request', () => {
  const iocb = pendingRead(5);
  expect(io_submit(ctx, iocb)).toBe(1);
  expect(cancel(iocb)).toBe('-EINPROGRESS');
  expect(ring_field(ctx, 'tail')).toBe(0);
  expect(slotsOf(contextOf(mm(), ctx)).live).toBe(1);
  expect(serveDevice()).toBe(1);
  expect(io_getevents(ctx, 9)).toEqual([{ data: 5, res: -ECANCELED }]);
  expect(slotsOf(contextOf(mm(), ctx)).live).toBe(0);
});

test('a request is cancelled once', () => {
  const iocb = pendingRead(5);
  expect(io_submit(ctx, iocb)).toBe(1);
  expect(cancel(iocb)).toBe('-EINPROGRESS');
  expect(cancel(iocb)).toBe('-EINVAL');
  expect(serveDevice()).toBe(1);
  expect(cancel(iocb)).toBe('-EINVAL');
  expect(serveDevice()).toBe(0);
  expect(io_getevents(ctx, 9)).toHaveLength(1);
});

test('a cancelled request cannot be completed as well', () => {
  const iocb = pendingRead(5);
  expect(io_submit(ctx, iocb)).toBe(1);
  expect(cancel(iocb)).toBe('-EINPROGRESS');
  expect(inKernel(() => nullb_complete_by_hand(iocb, 64))).toBe(false);
  serveDevice();
  expect(io_getevents(ctx, 9)).toEqual([{ data: 5, res: -ECANCELED }]);
});

test('of several, the one that is named', () => {
  const iocbs = [1, 2, 3].map(pendingRead);
  expect(io_submit(ctx, ...iocbs)).toBe(3);
  expect(cancel(iocbs[1]!)).toBe('-EINPROGRESS');
  serveDevice();
  expect(io_getevents(ctx, 9)).toEqual([{ data: 2, res: -ECANCELED }]);
  expect(inKernel(() => [iocbs[2]!, iocbs[0]!].map((iocb) => nullb_complete_by_hand(iocb, 9)))).toEqual([true, true]);
  expect(io_getevents(ctx, 9)).toEqual([
    { data: 3, res: 9 },
    { data: 1, res: 9 },
  ]);
});

test('of one iocb that was submitted twice, the younger; a second time finds it again, and is refused', () => {
  const iocb = pendingRead(1);
  expect(io_submit(ctx, iocb)).toBe(1);
  setIocb(iocb, 'aio_data', 2);
  expect(io_submit(ctx, iocb)).toBe(1);
  expect(cancel(iocb)).toBe('-EINPROGRESS');
  // v3.17 does not unlink what it cancels.
  expect(cancel(iocb)).toBe('-EINVAL');
  serveDevice();
  expect(io_getevents(ctx, 9)).toEqual([{ data: 2, res: -ECANCELED }]);
  expect(cancel(iocb)).toBe('-EINPROGRESS');
  serveDevice();
  expect(io_getevents(ctx, 9)).toEqual([{ data: 1, res: -ECANCELED }]);
});

test('io_destroy() cancels what is in flight, and waits for it', () => {
  const iocbs = [1, 2, 3].map(pendingRead);
  expect(io_submit(ctx, ...iocbs)).toBe(3);
  expect(cancel(iocbs[0]!)).toBe('-EINPROGRESS');
  expect(sys_io_destroy(ctx)).toBe(0);
  expect(serveDevice()).toBe(0);
  expect(cancel(iocbs[1]!)).toBe('-EINVAL');
});

test('what ends by itself, too, ends once: cancelled, or as it is due', () => {
  nullb_set_delay(0, 0, true);
  const early = pendingRead(1);
  const late = pendingRead(2);
  expect(io_submit(ctx, early, late)).toBe(2);
  expect(cancel(early)).toBe('-EINPROGRESS');
  expect(serveDevice()).toBe(2);
  expect(cancel(late)).toBe('-EINVAL');
  const events = io_getevents(ctx, 9);
  expect(events).toHaveLength(2);
  expect(events).toContainEqual({ data: 1, res: -ECANCELED });
  expect(events).toContainEqual({ data: 2, res: 64 });
});
