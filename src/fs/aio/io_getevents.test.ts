// SPDX-License-Identifier: GPL-2.0-only
/** io_getevents(): what it answers, how long it waits, and what it leaves in the ring. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PAGE_OFFSET } from '../../arch/sab/access.ts';
import { sched_clock } from '../../arch/sab/clock.ts';
import { TASK_SIZE } from '../../arch/sab/memory.ts';
import { nullb_set_delay } from '../../drivers/null_blk.ts';
import { runDeferredWorkWhenIdle } from '../../init/uniprocessor.ts';
import { send_signal, set_idle_hook } from '../../kernel/sched/core.ts';
import { contextOf } from '../../testing/slots.ts';
import {
  eventsAt,
  io_setup,
  io_submit,
  login,
  logout,
  makeIocb,
  malloc,
  mallocGuarded,
  mallocReadOnly,
  mm,
  openDevice,
  openFile,
  timespec,
} from '../../testing/user.ts';
import { errname } from '../../uapi/errno.ts';
import { EVENT_BYTES, ring_field } from '../../user/libaio.ts';
import { kill_ioctx } from './destroy.ts';
import { sys_io_destroy, sys_io_getevents } from './syscalls.ts';

const KERNEL_ADDRESS = PAGE_OFFSET + 4096;
const MS = 1_000_000;

let ctx = 0;
let room = 0;
let now = 0;
beforeEach(() => {
  login();
  ctx = io_setup(1);
  room = malloc(128 * EVENT_BYTES);
  now = timespec(0, 0);
});
afterEach(logout);

const getevents = (min: number, nr: number, events = room, timeout = now, handle = ctx): string =>
  errname(sys_io_getevents(handle, min, nr, events, timeout));

/** Lets `count` reads complete, whose data are 0, 1, 2 … */
function completeReads(count: number): void {
  const fd = openFile(64);
  const buf = malloc(8);
  const iocbs = Array.from({ length: count }, (_, i) => makeIocb({ fd, buf, nbytes: 8, data: i }));
  expect(io_submit(ctx, ...iocbs)).toBe(count);
}
const data = (count: number): number[] => eventsAt(room, count).map((event) => event.data);
const headAndTail = (): number[] => [ring_field(ctx, 'head'), ring_field(ctx, 'tail')];

describe('errors, in the order in which v3.17 looks for them', () => {
  test('EINVAL: no context has that handle, whatever else is wrong', () => {
    for (const handle of [0, -1, ctx + 8, KERNEL_ADDRESS, malloc(32)]) {
      expect(getevents(0, 1, room, now, handle)).toBe('-EINVAL');
      expect(getevents(0, 0, 0, KERNEL_ADDRESS, handle)).toBe('-EINVAL');
    }
    expect(sys_io_destroy(ctx)).toBe(0);
    expect(getevents(0, 1)).toBe('-EINVAL');
  });

  test.each([
    [2, 1],
    [-1, 1],
    [0, -1],
    [-1, -1],
    [-2, -1],
  ])('EINVAL: min_nr %i, nr %i, before the timeout is read', (min, nr) => {
    expect(getevents(min, nr)).toBe('-EINVAL');
    expect(getevents(min, nr, 0, KERNEL_ADDRESS)).toBe('-EINVAL');
  });

  test('EFAULT: the timeout cannot be read, before the ring is', () => {
    completeReads(1);
    for (const timeout of [KERNEL_ADDRESS, -1, TASK_SIZE - 4, mallocGuarded(12)]) {
      expect(getevents(0, 1, room, timeout)).toBe('-EFAULT');
      expect(getevents(0, 0, room, timeout)).toBe('-EFAULT');
    }
    expect(headAndTail()).toEqual([0, 1]);
  });

  test('EFAULT: the events cannot be written, and all of them stay in the ring', () => {
    completeReads(5);
    for (const events of [0, -1, KERNEL_ADDRESS, mallocReadOnly(), mallocGuarded(4 * EVENT_BYTES)]) {
      expect(getevents(1, 5, events)).toBe('-EFAULT');
      expect(headAndTail()).toEqual([0, 5]);
    }
    // What fits is no error.
    expect(getevents(1, 4, mallocGuarded(4 * EVENT_BYTES))).toBe('4');
    expect(getevents(1, 1)).toBe('1');
    expect(data(1)).toEqual([4]);
  });

  test('an empty ring does not look at where the events go', () => {
    for (const events of [0, -1, KERNEL_ADDRESS]) expect(getevents(0, 9, events)).toBe('0');
  });
});

describe('how many', () => {
  beforeEach(() => completeReads(5));

  test('nr at most, oldest first', () => {
    expect(getevents(1, 2)).toBe('2');
    expect(data(2)).toEqual([0, 1]);
    expect(getevents(0, 9)).toBe('3');
    expect(data(3)).toEqual([2, 3, 4]);
    expect(headAndTail()).toEqual([5, 5]);
  });

  test('none if none is asked for', () => {
    expect(getevents(0, 0)).toBe('0');
    expect(getevents(0, 0, 0, 0)).toBe('0');
    expect(headAndTail()).toEqual([0, 5]);
  });

  test('more than min_nr, if there are', () => {
    expect(getevents(1, 9)).toBe('5');
  });
});

describe('waiting', () => {
  /** Runs it. @returns its answer, and how long it took, ms */
  function timed(f: () => string): [string, number] {
    const start = sched_clock();
    const ret = f();
    return [ret, (sched_clock() - start) / MS];
  }

  test('not at all for none, even without a timeout', () => {
    expect(getevents(0, 5, room, 0)).toBe('0');
  });

  test('to the timeout, and then what is there', () => {
    for (const there of [0, 2]) {
      completeReads(there);
      const [ret, ms] = timed(() => getevents(3, 8, room, timespec(0, 4 * MS)));
      expect(ret).toBe(String(there));
      expect(ms).toBeGreaterThanOrEqual(3.9);
    }
  });

  test('a timeout that is negative or not normalised is no error', () => {
    completeReads(3);
    for (const timeout of [timespec(-1, 0), timespec(0, -1), timespec(0, 2_000_000_000)]) {
      expect(getevents(1, 1, room, timeout)).toBe('1');
    }
  });

  test('until the device has completed as many as it takes, without a timeout', () => {
    nullb_set_delay(0, 0);
    const fd = openDevice();
    const iocbs = [7, 8, 9].map((n) => makeIocb({ fd, buf: malloc(64), nbytes: 64, data: n }));
    expect(io_submit(ctx, ...iocbs)).toBe(3);
    expect(headAndTail()).toEqual([0, 0]);
    expect(getevents(3, 9, room, 0)).toBe('3');
    expect(data(3).sort()).toEqual([7, 8, 9]);
  });

  test('a signal ends it: EINTR if there is none, else what is there', () => {
    send_signal(0);
    expect(getevents(1, 8, room, 0)).toBe('-EINTR');
    completeReads(2);
    send_signal(0);
    expect(getevents(3, 8, room, 0)).toBe('2');
    // It was taken on the way to user mode.
    expect(getevents(1, 8)).toBe('0');
  });

  test('to the end of the context, which another thread destroys: EINVAL if there is none, else what is there', () => {
    const dying = [ctx, io_setup(1)];
    for (const [events, handle] of dying.entries()) {
      ctx = handle;
      completeReads(events);
      set_idle_hook(() => kill_ioctx(mm(), contextOf(mm(), handle), null, true) === 0);
      expect(getevents(2, 8, room, 0, handle)).toBe(events === 0 ? '-EINVAL' : '1');
      runDeferredWorkWhenIdle();
    }
  });

  test('a signal does not matter where there is no need to wait', () => {
    completeReads(1);
    send_signal(0);
    expect(getevents(1, 8, room, 0)).toBe('1');
  });
});
