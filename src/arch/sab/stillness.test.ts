// SPDX-License-Identifier: GPL-2.0-only
/** When a machine stands still for good, and when it only looks as if it did. */
import { beforeEach, expect, test } from 'vitest';
import { PAGE_OFFSET } from './access.ts';
import {
  addWaking,
  attachControl,
  clearParked,
  controlPanel,
  createControl,
  NEXT_ROUND,
  PHASE,
  quietSaid,
  setAwaited,
  setParked,
  stir,
} from './control.ts';
import { i32 } from './memory.ts';
import { isStill, mayGoOn, sayIfQuiet } from './stillness.ts';
import { wordStore } from './words.ts';

const CPUS = 3;
const WORD = PAGE_OFFSET;
const ASLEEP = 7;

beforeEach(() => {
  attachControl(createControl(CPUS));
  wordStore(controlPanel(), PHASE, 3);
  i32.fill(ASLEEP, 0, 2);
  setParked(0, WORD, ASLEEP, true);
  setParked(1, WORD + 4, ASLEEP, true);
  setAwaited(2, 4);
});

test('a machine stands still where each CPU waits for a wake-up or for the next phase', () => {
  expect(isStill(CPUS)).toBe(true);
});

test.each<[string, () => void]>([
  ['is awake', () => clearParked(1)],
  ['sleeps with a due time', () => setParked(1, WORD + 4, ASLEEP, false)],
  ['has been woken and does not run yet', () => addWaking(1)],
  ['may find that its word has changed', () => i32.fill(0, 1, 2)],
  ['waits for a phase that has come', () => setAwaited(2, 3)],
])('it does not where a CPU %s', (_, change) => {
  change();
  expect(isStill(CPUS)).toBe(false);
});

test('the CPU that looks is left out', () => {
  clearParked(1);
  expect(isStill(CPUS, 1)).toBe(true);
  expect(isStill(CPUS, 0)).toBe(false);
});

test('who may go on is who is awake, or wakes by itself', () => {
  expect([0, 1, 2].map(mayGoOn)).toEqual([false, false, false]);
  clearParked(0);
  setParked(1, WORD, ASLEEP, false);
  setAwaited(2, 0);
  expect([0, 1, 2].map(mayGoOn)).toEqual([true, true, true]);
  setAwaited(2, NEXT_ROUND);
  expect(mayGoOn(2)).toBe(false);
});

test('quiet is said of a machine that stands still, and no longer holds when something was made to happen', () => {
  expect(quietSaid()).toBe(false);
  clearParked(1);
  sayIfQuiet(CPUS, 0);
  expect(quietSaid()).toBe(false);
  sayIfQuiet(CPUS, 1);
  expect(quietSaid()).toBe(true);
  stir();
  expect(quietSaid()).toBe(false);
  sayIfQuiet(CPUS, 1);
  expect(quietSaid()).toBe(true);
});
