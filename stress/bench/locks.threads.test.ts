// SPDX-License-Identifier: GPL-2.0-only
/** The locks that ours are compared with exclude each other's threads; and locks that do not are found out. */
import { Piscina } from 'piscina';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWords } from '../../src/arch/sab/words.ts';
import { ROOT } from '../host/root.ts';
import { counted, type LocksTask, TEST_WORDS, type TestLock } from './testing/locks_thread.ts';

const THREADS = 4;
let pool: Piscina;
beforeAll(() => {
  pool = new Piscina({
    filename: new URL('dist/stress/bench/testing/locks_thread.js', ROOT).href,
    minThreads: THREADS,
    maxThreads: THREADS,
    idleTimeout: Number.POSITIVE_INFINITY,
    atomics: 'disabled',
  });
});
afterAll(() => pool.destroy());

/** @returns lockings that were lost, of all threads */
async function lost(lock: TestLock, times: number): Promise<number> {
  const words = createWords(TEST_WORDS);
  const task: LocksTask = { words, lock, threads: THREADS, times };
  await Promise.all(Array.from({ length: THREADS }, () => pool.run(task)));
  return THREADS * times - counted(words);
}

test.each(['published', 'spinning'] as const)('%s: no locking is lost', async (lock) => {
  expect(await lost(lock, 30_000)).toBe(0);
});

test.each(['lookThenTake', 'trustsItsWaking'] as const)('%s: that it lets two in is found out', async (lock) => {
  let found = 0;
  for (let times = 5000; found === 0 && times < 500_000; times *= 3) found = await lost(lock, times);
  expect(found).toBeGreaterThan(0);
});
