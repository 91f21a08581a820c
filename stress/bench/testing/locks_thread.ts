// SPDX-License-Identifier: GPL-2.0-only
/** A thread of the lock tests: the entry of its piscina thread, which vitest does not transform. Compiled to dist/. */
import {
  type Words,
  wordAdd,
  wordCas,
  wordLoad,
  wordNotify,
  wordStore,
  wordWait,
} from '../../../src/arch/sab/words.ts';
import { publishedLock, spinningLock, type WordLock } from '../loads/other_locks.ts';

/** Places in the words: lock, plain counter, threads that have arrived, those who gave up. */
const LOCK = 0;
const COUNTER = 64;
const ARRIVED = 128;
export const TEST_WORDS = 192;
/** Steps between reading the counter and writing it: the window in which another one may come in. */
const STEPS = 20;

/** Looks, and takes the lock as a second step. */
const lookThenTake: WordLock = {
  lock(words, at) {
    while (wordLoad(words, at) !== 0);
    wordStore(words, at, 1);
  },
  unlock(words, at) {
    wordStore(words, at, 0);
  },
};

/** The published one, but a waiter that has been woken believes that the lock is its own. */
const trustsItsWaking: WordLock = {
  lock(words, at) {
    const seen = wordCas(words, at, 0, 1);
    if (seen === 0) return;
    wordStore(words, at, 2);
    wordWait(words, at, 2, 5);
  },
  unlock: publishedLock.unlock,
};

const LOCKS = { published: publishedLock, spinning: spinningLock, lookThenTake, trustsItsWaking } as const;
export type TestLock = keyof typeof LOCKS;

export interface LocksTask {
  readonly words: Words;
  readonly lock: TestLock;
  readonly threads: number;
  readonly times: number;
}

/** Adds so many ones to a plain counter, one with each locking. */
export default function addOnes({ words, lock: name, threads, times }: LocksTask): void {
  const { lock, unlock } = LOCKS[name];
  wordAdd(words, ARRIVED, 1);
  wordNotify(words, ARRIVED);
  for (let here = wordLoad(words, ARRIVED); here < threads; here = wordLoad(words, ARRIVED)) {
    wordWait(words, ARRIVED, here, 10);
  }
  let x = 1;
  for (let i = 0; i < times; i++) {
    lock(words, LOCK);
    const seen = words[COUNTER] as number;
    for (let k = 0; k < STEPS; k++) x = (Math.imul(x, 1664525) + 1013904223) | 0;
    // never so, but V8 does not know
    words[COUNTER] = seen + (x === 0x7fffffff && seen < 0 ? 2 : 1);
    unlock(words, LOCK);
  }
}

export const counted = (words: Words): number => words[COUNTER] as number;
