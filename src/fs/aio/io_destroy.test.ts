// SPDX-License-Identifier: GPL-2.0-only
/** io_destroy() and exit_aio(): what they wait for, and what they give back when. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PAGE_OFFSET } from '../../arch/sab/access.ts';
import { nullb_set_delay } from '../../drivers/null_blk.ts';
import { rcu_completed } from '../../kernel/rcu/tree.ts';
import { current } from '../../kernel/sched/core.ts';
import { liveObjects } from '../../mm/slab.ts';
import { contextOf, contexts } from '../../testing/slots.ts';
import {
  close,
  exitAio,
  inKernel,
  io_getevents,
  io_setup,
  io_submit,
  login,
  logout,
  makeIocb,
  malloc,
  mm,
  openDevice,
  openFile,
  openPending,
} from '../../testing/user.ts';
import { errname } from '../../uapi/errno.ts';
import { emptyEvent, peek, SegmentationFault, user_getevent } from '../../user/libaio.ts';
import { settleKernel } from '../../user/process.ts';
import { kill_ioctx } from './destroy.ts';
import { aio } from './kioctx.ts';
import { sys_io_cancel, sys_io_destroy, sys_io_getevents, sys_io_submit } from './syscalls.ts';

beforeEach(() => {
  login();
  nullb_set_delay(0, 0);
});
afterEach(logout);

const inFlight = (): number => liveObjects().get('kiocb') ?? 0;
const read = (fd: number, data = 0): number => makeIocb({ fd, buf: malloc(64), nbytes: 64, data });

test('EINVAL: no context has that handle', () => {
  const ctx = io_setup(1);
  for (const handle of [0, -1, ctx + 8, ctx + 4096, PAGE_OFFSET, malloc(32)]) {
    expect(errname(sys_io_destroy(handle))).toBe('-EINVAL');
  }
});

test('0 once, then EINVAL', () => {
  const ctx = io_setup(1);
  const other = io_setup(1);
  expect(sys_io_destroy(ctx)).toBe(0);
  expect(errname(sys_io_destroy(ctx))).toBe('-EINVAL');
  settleKernel();
  expect(errname(sys_io_destroy(ctx))).toBe('-EINVAL');
  expect(io_getevents(other, 1)).toEqual([]);
});

test('EINVAL: another call has found the context, too, and was first', () => {
  const ctx = contextOf(mm(), io_setup(1));
  expect(inKernel(() => [1, 2].map(() => errname(kill_ioctx(mm(), ctx, null, true))))).toEqual(['0', '-EINVAL']);
});

test('every call on a dead handle is EINVAL, and the ring is not mapped', () => {
  const ctx = io_setup(1);
  const iocb = read(openFile(64));
  expect(sys_io_destroy(ctx)).toBe(0);
  expect(io_submit(ctx, iocb)).toBe('-EINVAL');
  expect(errname(sys_io_submit(ctx, 0, 0))).toBe('-EINVAL');
  expect(errname(sys_io_getevents(ctx, 0, 1, malloc(32), 0))).toBe('-EINVAL');
  expect(errname(sys_io_cancel(ctx, iocb))).toBe('-EINVAL');
  expect(() => user_getevent(ctx, emptyEvent())).toThrow(SegmentationFault);
});

test('unread events are thrown away, and the descriptor may be closed already', () => {
  const ctx = io_setup(1);
  const fd = openFile(64);
  expect(io_submit(ctx, read(fd), read(fd))).toBe(2);
  expect(close(fd)).toBe(0);
  expect(sys_io_destroy(ctx)).toBe(0);
});

test('quota, mapping and id are given back when it returns; memory after that', () => {
  const ctx = io_setup(100);
  expect([aio.it.aio_nr, mm().map_count]).toEqual([200, 1]);
  expect(sys_io_destroy(ctx)).toBe(0);
  expect([aio.it.aio_nr, mm().map_count, contexts(mm()).length]).toEqual([0, 0, 0]);
  // A kworker frees it.
  expect(liveObjects().get('kioctx')).toBe(1);
  settleKernel();
  expect(liveObjects().has('kioctx')).toBe(false);
  const again = io_setup(1);
  expect([again, peek(again)]).toEqual([ctx, 0]);
});

test('it waits for two grace periods, in none of which the call itself does anything', () => {
  const ctx = io_setup(1);
  const before = rcu_completed();
  expect(sys_io_destroy(ctx)).toBe(0);
  expect(rcu_completed() - before).toBe(2);
  expect(current.gp_waits).toBe(0);
});

test('it waits for requests that cannot be cancelled, and their data are there when it returns', () => {
  const ctx = io_setup(8);
  const buf = malloc(256);
  const fd = openDevice();
  const iocbs = [0, 64, 128].map((at) => makeIocb({ fd, buf: buf + at, nbytes: 64, offset: 4096 + at }));
  expect(io_submit(ctx, ...iocbs)).toBe(3);
  expect(close(fd)).toBe(0);
  expect(inFlight()).toBe(3);
  expect(peek(buf)).toBe(0);
  expect(sys_io_destroy(ctx)).toBe(0);
  expect(inFlight()).toBe(0);
  for (let at = 0; at < 192; at += 4) expect(peek(buf + at)).not.toBe(0);
});

test('a context with a ring of many pages', () => {
  const fd = openFile(64);
  for (const asked of [1000, 65536]) {
    const ctx = io_setup(asked);
    expect(io_submit(ctx, read(fd))).toBe(1);
    expect(sys_io_destroy(ctx)).toBe(0);
    settleKernel();
  }
});

describe('exit_aio()', () => {
  test('nothing to end', () => {
    exitAio();
    expect(mm().ioctx_table).toBe(0);
  });

  test('it ends every context, and waits for every request', () => {
    const handles = Array.from({ length: 9 }, (_, i) => io_setup(8 + i));
    expect(sys_io_destroy(handles[3]!)).toBe(0);
    const device = openDevice();
    const pending = openPending();
    for (const i of [0, 5, 8]) expect(io_submit(handles[i]!, read(device), read(pending), read(device))).toBe(3);
    expect(inFlight()).toBe(9);
    exitAio();
    expect(inFlight()).toBe(0);
    expect([aio.it.aio_nr, mm().ioctx_table]).toEqual([0, 0]);
    settleKernel();
    expect(liveObjects().has('kioctx')).toBe(false);
  });

  test('it leaves the mappings to the end of the mm, whose pages are gone then', () => {
    const ctx = io_setup(1);
    exitAio();
    expect(mm().map_count).toBe(1);
    settleKernel();
    expect(() => peek(ctx)).toThrow(SegmentationFault);
  });
});
