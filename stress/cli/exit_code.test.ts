// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from 'vitest';
import { exitOf, worstExit } from './exit_code.ts';

test.each([
  [[0, 0], null, 0],
  [[0, 5, 4], null, 5],
  [[0, 5], null, 5],
  [[4, 6, 0], null, 6],
  [[3, 2, 6], null, 2],
  [[3, 6], null, 3],
  [[], null, 4],
  [[0, 0], 'SIGINT', 130],
  [[0, 4], 'SIGTERM', 143],
  [[], 'SIGINT', 130],
  [[0, 2, 130], 'SIGINT', 2],
  [[0, 137], null, 6],
] as const)('of %j stopped by %s it is %i', (codes, signal, exit) => {
  expect(worstExit(codes, signal)).toBe(exit);
});

test('what ends by a signal of its own has not worked', () => {
  expect(exitOf(null)).toBe(6);
  expect(exitOf(139)).toBe(6);
  expect(exitOf(143)).toBe(143);
});
