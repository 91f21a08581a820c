// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from 'vitest';
import { exitOf, exitWith, worstExit } from './exit_code.ts';

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
  [[5, 4], 'SIGHUP', 129],
  [[129], 'SIGINT', 130],
] as const)('of %j stopped by %s it is %i', (codes, signal, exit) => {
  expect(worstExit(codes, signal)).toBe(exit);
});

test('what ends by a signal of its own has not worked', () => {
  expect(exitOf(null)).toBe(6);
  expect(exitOf(139)).toBe(6);
  expect(exitOf(143)).toBe(143);
});

test('a file that could not be written is 6, and hides nothing that was found', () => {
  expect([0, 4, 5, 129, 130, 143, 6].map((code) => exitWith(code, true))).toEqual(Array(7).fill(6));
  expect([2, 3].map((code) => exitWith(code, true))).toEqual([2, 3]);
  expect([0, 2, 4, 130].map((code) => exitWith(code, false))).toEqual([0, 2, 4, 130]);
});
