// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from 'vitest';
import { lowOf } from '../src/arch/sab/histogram.ts';
import { clearMeters, createMeters, eventsReaped, Meter, readLatencies, readOperations, SYSCALLS } from './meters.ts';

test('counts and times of all CPUs are added, by name', () => {
  const buffers = createMeters(3);
  const meters = [0, 1, 2].map((cpu) => new Meter(buffers, cpu));
  for (const meter of meters) meter.count('reaped', 2);
  meters[1]?.count('submit -EAGAIN', 1);
  meters[2]?.time(SYSCALLS.indexOf('io_submit'), 1000);
  meters[0]?.time(SYSCALLS.indexOf('io_submit'), 1000);
  meters[0]?.time(SYSCALLS.indexOf('io_cancel'), 50);
  expect(readOperations(buffers)).toEqual({ reaped: 6, 'submit -EAGAIN': 1 });
  expect(eventsReaped(buffers)).toBe(6);
  const { io_submit = [], io_cancel, ...rest } = readLatencies(buffers);
  expect(io_submit[1]).toBe(2);
  expect(lowOf(io_submit[0] as number)).toBeLessThanOrEqual(1000);
  expect(io_cancel).toEqual([50, 1]);
  expect(rest).toEqual({});
  clearMeters(buffers);
  expect([readOperations(buffers), readLatencies(buffers)]).toEqual([{}, {}]);
});

test('what has no name that is known is a mistake of the program', () => {
  expect(() => new Meter(createMeters(1), 0).count('raeped', 1)).toThrow(/'raeped'/);
});
