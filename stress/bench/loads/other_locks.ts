// SPDX-License-Identifier: GPL-2.0-only
/** Locks that others would use over a SharedArrayBuffer, for comparison with the kernel's. */
import {
  type Words,
  wordAdd,
  wordCas,
  wordLoad,
  wordNotify,
  wordStore,
  wordWait,
} from '../../../src/arch/sab/words.ts';

const FREE = 0;
const LOCKED = 1;
const AWAITED = 2;

/** Mutual exclusion by a word. */
export interface WordLock {
  lock(words: Words, at: number): void;
  unlock(words: Words, at: number): void;
}

/**
 * The algorithm of js-lock-and-condition (Lars T Hansen), which is the second mutex of Ulrich Drepper's "Futexes Are
 * Tricky": free, locked, or locked with waiters. Whoever finds it taken says that it will wait, waits at once, and
 * takes it in the state with waiters; unlocking takes one off, and wakes one sleeper if that leaves a one. It never
 * spins.
 */
export const publishedLock: WordLock = {
  lock(words, at) {
    let seen = wordCas(words, at, FREE, LOCKED);
    while (seen !== FREE) {
      if (seen === AWAITED || wordCas(words, at, LOCKED, AWAITED) !== FREE) {
        wordWait(words, at, AWAITED, Number.POSITIVE_INFINITY);
      }
      seen = wordCas(words, at, FREE, AWAITED);
    }
  },
  unlock(words, at) {
    if (wordAdd(words, at, -1) === LOCKED) return;
    wordStore(words, at, FREE);
    wordNotify(words, at, 1);
  },
};

/** Test, test and set, for ever: what a spinlock is where each thread has a core of its own. */
export const spinningLock: WordLock = {
  lock(words, at) {
    while (wordLoad(words, at) !== FREE || wordCas(words, at, FREE, LOCKED) !== FREE);
  },
  unlock(words, at) {
    wordStore(words, at, FREE);
  },
};
