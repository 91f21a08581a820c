// SPDX-License-Identifier: GPL-2.0-only
/** Who gives slots back: a reader of f8567a3845ac's parent, a completion before d856f32a86b2, the ring since. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  io_getevents,
  io_setup,
  io_submit,
  login,
  logout,
  makeIocb,
  malloc,
  openFile,
  userReap,
} from '../testing/user.ts';

beforeEach(() => login());
afterEach(logout);

/** Fills a ring, empties it, fills it again. @returns what was let in, -EAGAIN for nothing */
function fillTwice(empty: (ctx: number, nr: number) => void): (number | string)[] {
  const ctx = io_setup(32);
  const fd = openFile(8);
  const iocb = makeIocb({ fd, buf: malloc(8), nbytes: 8 });
  const fill = () => io_submit(ctx, ...Array.from({ length: 126 }, () => iocb));
  const first = fill();
  empty(ctx, 126);
  return [first, fill()];
}

test.each([
  ['fixed', [], [120, 120], [120, 120]],
  // Slots come back at completion, so all are let in; and 126 unread events look like none to the reader of the ring.
  ['track_ring_occupancy reverted', ['track_ring_occupancy'], [126, 126], [126, 126]],
  ['free_user_reaped_slots reverted', ['free_user_reaped_slots'], [120, 120], [120, '-EAGAIN']],
  // What the later fix was made for goes with the earlier one.
  ['both reverted', ['free_user_reaped_slots', 'track_ring_occupancy'], [120, 120], [120, '-EAGAIN']],
] as const)('%s: let in before and after the kernel, or user space, has read all events', (...row) => {
  const [, reverted, byKernel, byUser] = row;
  logout();
  login({ reverted });
  expect(fillTwice((ctx, nr) => io_getevents(ctx, nr))).toEqual(byKernel);
  expect(fillTwice((ctx, nr) => userReap(ctx, nr))).toEqual(byUser);
});

test('reverted: the slots that the kernel gives back are those of events that it has read', () => {
  logout();
  login({ reverted: ['free_user_reaped_slots'] });
  const ctx = io_setup(32);
  const fd = openFile(8);
  const iocb = makeIocb({ fd, buf: malloc(8), nbytes: 8 });
  const submit = () => io_submit(ctx, ...Array.from({ length: 126 }, () => iocb));
  expect(submit()).toBe(120);
  userReap(ctx, 60);
  expect(io_getevents(ctx, 126)).toHaveLength(60);
  expect(submit()).toBe(60);
});
