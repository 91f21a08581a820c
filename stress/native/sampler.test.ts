// SPDX-License-Identifier: GPL-2.0-only
/** What a look at a machine sees, and that a look at anything at all does no harm. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ramEnd, store32 } from '../../src/arch/sab/memory.ts';
import {
  complaints,
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
} from '../../src/testing/user.ts';
import { Stretch } from './sample.ts';
import { lookAtCpus, lookAtRings } from './sampler.ts';

beforeEach(() => login());
afterEach(logout);

test('rings: contexts, unread events and free slots', () => {
  expect(lookAtRings(mm().addr)).toMatchObject({ contexts: 0, occupancy: null, freeSlots: null });
  const ctx = io_setup(8);
  const empty = lookAtRings(mm().addr);
  expect(empty).toMatchObject({ contexts: 1, occupancy: 0, freeSlots: 1 });
  const fd = openFile(64);
  const read = (): number => makeIocb({ fd, buf: malloc(8), nbytes: 8 });
  io_submit(ctx, read(), read(), read());
  const { occupancy = 0, freeSlots = 0 } = lookAtRings(mm().addr) ?? {};
  expect(occupancy).toBeGreaterThan(0);
  // Each event has the slot that its request had.
  expect((occupancy ?? 0) + (freeSlots ?? 0)).toBeCloseTo(1);
  io_getevents(ctx, 8);
  expect(lookAtRings(mm().addr)?.occupancy).toBe(0);
});

test('a process whose table is anything at all is no finding, and the kernel still traps', () => {
  const table = mm().$ioctx_table as number;
  for (const poison of [0x6b6b6b6b, 0x10, ramEnd() - 4, -1]) {
    const before = mm().ioctx_table;
    store32(table, poison);
    const rings = lookAtRings(mm().addr);
    mm().ioctx_table = before;
    if (poison !== ramEnd() - 4) expect(rings).toBeNull();
  }
  expect(complaints()).toEqual([]);
  expect(() => inKernel(() => store32(0x10, 1))).toThrow(/NULL/);
  expect(complaints()).toHaveLength(1);
});

test('CPUs: who is in the kernel, who is not, and who is out', () => {
  expect(lookAtCpus(() => false)).toBe('uu');
  expect(inKernel(() => lookAtCpus((cpu) => cpu === 1))).toBe('ki');
});

test('a stretch says what each CPU was at most of the time', () => {
  const stretch = new Stretch(2, 1000, 50, 7);
  for (const letters of ['uk', 'ul', 'sl']) stretch.addCpus(letters);
  stretch.addRings({ contexts: 2, occupancy: 0.25, freeSlots: 0.5, gracePeriods: 8 });
  stretch.addRings({ contexts: 0, occupancy: null, freeSlots: null, gracePeriods: 9 });
  expect(stretch.record(3, 1250, 80)).toEqual({
    t: 'sample',
    n: 3,
    ms: 1125,
    spanMs: 250,
    events: 30,
    occupancy: 0.25,
    freeSlots: 0.5,
    contexts: 0,
    gracePeriods: 2,
    activity: 'ul',
  });
});
