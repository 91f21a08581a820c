// SPDX-License-Identifier: GPL-2.0-only
/** The one validator of all locks: what it asks of a lock, it must find missing in a lock that does not lock. */
import { expect, it } from 'vitest';
import type { lockBodies } from './bodies/locks.ts';
import { complaints, type TortureOptions, type TorturePool } from './pool.ts';

const THREADS = 4;
const ITERATIONS = 4000;
/** A lock that does not lock is tried ever longer, up to so many iterations, before it counts as not caught. */
const ITERATIONS_MAX = 20_000_000;

interface LockTest {
  readonly name: string;
  readonly body: keyof typeof lockBodies;
  readonly options: Partial<TortureOptions>;
}
const TESTS: readonly LockTest[] = [
  { name: 'ten plain increments make ten', body: 'ten_increments', options: {} },
  { name: 'no increment of a shared counter is lost', body: 'shared_counter', options: {} },
  { name: 'who is inside is alone', body: 'one_owner', options: {} },
  { name: 'a list stays whole', body: 'list', options: {} },
  {
    name: 'ten plain increments make ten, without instruments',
    body: 'ten_increments',
    options: { debug: false, iterations: 5 * ITERATIONS },
  },
  {
    name: 'who is inside is alone, even if it is stalled there',
    body: 'one_owner',
    options: { perturb: 'heavy', iterations: ITERATIONS / 4 },
  },
];

/** @param variant - of the bodies in bodies/locks.ts */
export function describeLock(variant: string, pool: () => TorturePool): void {
  it.each(TESTS)(`${variant}: $name`, async ({ body, options }) => {
    const outcome = await pool().run(body, { threads: THREADS, iterations: ITERATIONS, ...options, variant });
    expect(complaints(outcome)).toEqual([]);
    expect(outcome.died).toEqual([]);
  });
}

/** The same tests for a lock that does not lock: each must find it out. */
export function describeBustedLock(variant: string, pool: () => TorturePool): void {
  it.each(TESTS)(`${variant} is caught by: $name`, async ({ body, options }) => {
    let found: string[] = [];
    for (let iterations = ITERATIONS; found.length === 0 && iterations <= ITERATIONS_MAX; iterations *= 4) {
      found = complaints(await pool().run(body, { threads: THREADS, ...options, iterations, variant }));
    }
    expect(found).not.toEqual([]);
  });
}
