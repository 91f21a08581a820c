// SPDX-License-Identifier: GPL-2.0-only
/** Accesses that race with the one that comes draw again, whichever of their words they have in common. */
import { expect, test } from 'vitest';
import { redrawRacing } from './choose.ts';
import { at, CPUS, createDetBuffers, PENDING, PENDING_BYTES, PENDING_WRITES, PRIORITY, RNG } from './state.ts';

const OTHER = 1;

/** Whether an access of `bytes` bytes at `addr` makes one of 16 bytes at 1024 draw again. */
function redraws(addr: number, bytes: number, writes: boolean, otherWrites: boolean): boolean {
  const { words } = createDetBuffers(2, 1);
  words[CPUS] = 2;
  words[RNG] = 12_345;
  words[at(OTHER, PENDING)] = 1024;
  words[at(OTHER, PENDING_BYTES)] = 16;
  words[at(OTHER, PENDING_WRITES)] = otherWrites ? 1 : 0;
  words[at(OTHER, PRIORITY)] = -1;
  redrawRacing(words, 0, addr, bytes, writes);
  return words[at(OTHER, PRIORITY)] !== -1;
}

test.each([
  [1020, 4, false],
  [1020, 8, true],
  [1024, 4, true],
  [1036, 4, true],
  [1000, 4096, true],
  [1040, 4, false],
])('a write at %i of %i bytes: %o', (addr, bytes, expected) => {
  expect(redraws(addr, bytes, true, false)).toBe(expected);
});

test('two reads do not race, a read and a write do', () => {
  expect([redraws(1032, 4, false, false), redraws(1032, 4, false, true)]).toEqual([false, true]);
});

test('who is about to touch nothing races with nobody', () => {
  const { words } = createDetBuffers(2, 1);
  words[CPUS] = 2;
  words[at(OTHER, PENDING_BYTES)] = 4;
  words[at(OTHER, PRIORITY)] = -1;
  redrawRacing(words, 0, 0x4000_0000, 4096, true);
  expect(words[at(OTHER, PRIORITY)]).toBe(-1);
});
