// SPDX-License-Identifier: GPL-2.0-only
/**
 * The load of the lock benchmarks: lock, increment a shared counter, compute for a while, unlock.
 *
 * Each lock has a loop of its own, so that V8 compiles it for that lock alone. Every counter is plain: a lock that lets
 * two in loses an increment, and is found out when the window is over.
 */
import { type EngineMutex, withEngineMutex } from '../../../src/arch/sab/engine_mutex.ts';
import { type Addr, load32, store32 } from '../../../src/arch/sab/memory.ts';
import type { Words } from '../../../src/arch/sab/words.ts';
import { mutex, mutex_init, mutex_lock, mutex_unlock } from '../../../src/kernel/locking/mutex.ts';
import { spin_lock, spin_lock_init, spin_unlock, type spinlock_t } from '../../../src/kernel/locking/spinlock.ts';
import { kernel_enter, kernel_exit } from '../../../src/kernel/sched/core.ts';
import { kzalloc } from '../../../src/mm/slab.ts';
import { publishedLock, spinningLock } from './other_locks.ts';

export const LOCKS = ['spin_lock', 'mutex', 'published', 'spinning', 'engine'] as const;
export type LockName = (typeof LOCKS)[number];

/** Where the locks and their counters are. Can be posted. */
export interface LockLoad {
  readonly spin: Addr<spinlock_t>;
  readonly mutex: Addr<mutex>;
  /** Of the kernel's locks. */
  readonly counter: number;
  /** The other locks' words. */
  readonly words: Words;
  /** null if the engine has none */
  readonly engine: EngineMutex | null;
}

/** Words of `LockLoad.words`: each lock, and each counter, has a cache line of its own. */
const LINE = 64;
const WORD_OF = { published: LINE, spinning: 3 * LINE, engine: 5 * LINE } as const;
export const LOCK_WORDS = 8 * LINE;
/** Of the three, which have nothing else in common with the kernel's. */
const counterOf = (name: keyof typeof WORD_OF): number => WORD_OF[name] + LINE;

/** @context a freshly booted CPU, in user mode */
export function makeLockLoad(words: Words, engine: EngineMutex | null): LockLoad {
  kernel_enter();
  const spin = kzalloc(64) as Addr<spinlock_t>;
  const sleeping = mutex.at(kzalloc(64)).addr as Addr<mutex>;
  const counter = kzalloc(64);
  spin_lock_init(spin, 'test_lock_a');
  mutex_init(sleeping, 'test_lock_b');
  kernel_exit();
  return { spin, mutex: sleeping, counter, words, engine };
}

/** Some 1.2 ns a step on today's machines, in C and here. */
function compute(steps: number, seed: number): number {
  let x = seed;
  for (let i = 0; i < steps; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0;
  return x;
}
let sink = 0;

function spinLockings({ spin, counter }: LockLoad, times: number, steps: number): void {
  kernel_enter();
  for (let i = 0; i < times; i++) {
    spin_lock(spin);
    store32(counter, load32(counter) + 1);
    if (steps !== 0) sink = compute(steps, sink);
    spin_unlock(spin);
  }
  kernel_exit();
}

function mutexLockings({ mutex: lock, counter }: LockLoad, times: number, steps: number): void {
  kernel_enter();
  for (let i = 0; i < times; i++) {
    mutex_lock(lock);
    store32(counter, load32(counter) + 1);
    if (steps !== 0) sink = compute(steps, sink);
    mutex_unlock(lock);
  }
  kernel_exit();
}

function publishedLockings({ words }: LockLoad, times: number, steps: number): void {
  const counter = counterOf('published');
  for (let i = 0; i < times; i++) {
    publishedLock.lock(words, WORD_OF.published);
    words[counter] = (words[counter] as number) + 1;
    if (steps !== 0) sink = compute(steps, sink);
    publishedLock.unlock(words, WORD_OF.published);
  }
}

function spinningLockings({ words }: LockLoad, times: number, steps: number): void {
  const counter = counterOf('spinning');
  for (let i = 0; i < times; i++) {
    spinningLock.lock(words, WORD_OF.spinning);
    words[counter] = (words[counter] as number) + 1;
    if (steps !== 0) sink = compute(steps, sink);
    spinningLock.unlock(words, WORD_OF.spinning);
  }
}

function engineLockings({ words, engine }: LockLoad, times: number, steps: number): void {
  if (engine === null) throw new Error('this engine has no mutex');
  const counter = counterOf('engine');
  const section = (): void => {
    words[counter] = (words[counter] as number) + 1;
    if (steps !== 0) sink = compute(steps, sink);
  };
  for (let i = 0; i < times; i++) withEngineMutex(engine, section);
}

/** Locks so many times, with so many steps of computing inside. @context user mode */
export const LOCKINGS: Readonly<Record<LockName, (load: LockLoad, times: number, steps: number) => void>> = {
  spin_lock: spinLockings,
  mutex: mutexLockings,
  published: publishedLockings,
  spinning: spinningLockings,
  engine: engineLockings,
};

/** What a lock's counter has come to, modulo 2^32. */
export function countOf(load: LockLoad, name: LockName): number {
  if (name === 'spin_lock' || name === 'mutex') return load32(load.counter);
  return load.words[counterOf(name)] as number;
}
