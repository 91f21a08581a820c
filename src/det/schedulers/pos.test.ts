// SPDX-License-Identifier: GPL-2.0-only
/** Accesses that race with the one that comes draw again, whichever of their words they have in common. */
import { expect, test } from 'vitest';
import { createDetBuffers, DetState } from '../state.ts';
import { pos } from './pos.ts';

const OTHER = 1;

function stateOfTwo(): DetState {
  const state = new DetState(createDetBuffers(2, new Int32Array(1), 1));
  state.round.cpus = 2;
  state.cpu(OTHER).priority = -1;
  return state;
}

/** Whether an access of `bytes` bytes at `addr` makes one of 16 bytes at 1024 draw again. */
function redraws(addr: number, bytes: number, writes: boolean, otherWrites: boolean): boolean {
  const state = stateOfTwo();
  const other = state.cpu(OTHER);
  state.round.rng = 12_345;
  other.pending = 1024;
  other.pending_bytes = 16;
  other.pending_writes = otherWrites ? 1 : 0;
  pos.accessed(state, 0, addr, bytes, writes);
  return other.priority !== -1;
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
  const state = stateOfTwo();
  state.cpu(OTHER).pending_bytes = 4;
  pos.accessed(state, 0, 0x4000_0000, 4096, true);
  expect(state.cpu(OTHER).priority).toBe(-1);
});
