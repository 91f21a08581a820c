// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from 'vitest';
import { UsageError } from '../cli/usage_error.ts';
import { planTurns } from './turns.ts';

test('widths go up and down', () => {
  const { turns, passes, runMs } = planTurns([1, 2, 4], 60_000);
  expect(turns.map(({ threads, pass }) => `${pass}:${threads}`)).toEqual(['1:1', '1:2', '1:4', '2:4', '2:2', '2:1']);
  expect(passes).toBe(2);
  expect(runMs).toBe(10_000);
});

test('with much time there are more passes, an even number, and all the time is used', () => {
  for (const minutes of [1, 3, 10, 60, 600]) {
    const { turns, passes, runMs } = planTurns([1, 2, 4, 8, 16], minutes * 60_000);
    expect(passes % 2).toBe(0);
    expect(passes).toBeLessThanOrEqual(6);
    expect(turns).toHaveLength(5 * passes);
    expect(runMs * turns.length).toBeCloseTo(minutes * 60_000, -2);
    // What drifts steadily hits each width alike.
    for (const width of [1, 2, 4, 8, 16]) {
      const at = turns.flatMap(({ threads }, i) => (threads === width ? [i] : []));
      expect(at.reduce((sum, i) => sum + i, 0) / at.length).toBe((turns.length - 1) / 2);
    }
  }
});

test('too little time is refused, with how much it takes', () => {
  expect(() => planTurns([1, 2, 4, 8, 16], 9_999)).toThrow(UsageError);
  expect(() => planTurns([1, 2, 4, 8, 16], 9_999)).toThrow('--duration 10s');
  expect(planTurns([1, 2, 4, 8, 16], 10_000).runMs).toBe(1000);
});
