// SPDX-License-Identifier: GPL-2.0-only
/**
 * The atomic instructions and the barriers.
 *
 * Every Atomics operation of JavaScript is sequentially consistent, so each of these is at least as
 * strong as its namesake. What C does with a plain access stays a plain access (memory.ts): making
 * it atomic would hide the races that this machine exists to show, and cost some 7 ns each.
 *
 * JavaScript has no fence, so a barrier is part of the access beside it:
 *
 *   C                                here
 *   smp_wmb(); ring->tail = t        smp_store_release(ring.$tail, t)
 *   t = ring->tail; smp_rmb()        t = smp_load_acquire(ring.$tail)
 *   spin_unlock(); smp_mb()          spin_unlock(); smp_mb__after_unlock()
 *
 * @linux include/linux/atomic.h, Documentation/memory-barriers.txt v3.17
 */
import { type Addr, atomicIndex, i32, LOAD, RMW, STORE } from './memory.ts';

// This module's own names for what it imports: V8 folds a module's constants into its code, but not what it imports.
const ram = i32;
const indexOf = atomicIndex;
const READS = LOAD;
const WRITES = STORE;
const MODIFIES = RMW;

export interface AtomicT {
  readonly kind: 'atomic_t';
}
/** A word that may be used plainly and atomically. */
export type Word = AtomicT | number;

export const atomic_read = (v: Addr<Word>): number => Atomics.load(ram, indexOf(READS, v));

export function atomic_set(v: Addr<Word>, value: number): void {
  Atomics.store(ram, indexOf(WRITES, v), value);
}

export function atomic_add(n: number, v: Addr<Word>): void {
  Atomics.add(ram, indexOf(MODIFIES, v), n);
}

/** @returns the new value */
export const atomic_add_return = (n: number, v: Addr<Word>): number =>
  (Atomics.add(ram, indexOf(MODIFIES, v), n) + n) | 0;

export const atomic_inc = (v: Addr<Word>): void => atomic_add(1, v);
export const atomic_dec = (v: Addr<Word>): void => atomic_add(-1, v);

/** @returns whether the count is now zero */
export const atomic_dec_and_test = (v: Addr<Word>): boolean => atomic_add_return(-1, v) === 0;

/** Adds one unless the value is zero. @returns whether it did */
export function atomic_inc_not_zero(v: Addr<Word>): boolean {
  const index = indexOf(MODIFIES, v);
  // Plainly: whether it was right the exchange finds out.
  for (let seen = ram[index] as number; seen !== 0; ) {
    const found = Atomics.compareExchange(ram, index, seen, (seen + 1) | 0);
    if (found === seen) return true;
    seen = found;
  }
  return false;
}

/** Stores `next` if the word is `old`. @returns what the word was */
export const cmpxchg = (addr: Addr<Word>, old: number, next: number): number =>
  Atomics.compareExchange(ram, indexOf(MODIFIES, addr), old, next);

/** @returns what the word was */
export const xchg = (addr: Addr<Word>, next: number): number => Atomics.exchange(ram, indexOf(MODIFIES, addr), next);

export const atomic_cmpxchg: typeof cmpxchg = cmpxchg;
export const atomic_xchg: typeof xchg = xchg;

/** A load that later accesses of this CPU cannot move before. @returns the signed word */
export const smp_load_acquire = (addr: Addr<Word>): number => Atomics.load(ram, indexOf(READS, addr));

/** A store that earlier accesses of this CPU cannot move behind. */
export function smp_store_release(addr: Addr<Word>, value: number): void {
  Atomics.store(ram, indexOf(WRITES, addr), value);
}

/** A store with a full barrier behind it, as set_current_state() makes it. An exchange, as on x86. */
export function set_mb(addr: Addr<Word>, value: number): void {
  Atomics.store(ram, indexOf(MODIFIES, addr), value);
}

/** smp_mb() right behind the unlock of a spinlock: that unlock is an exchange, hence a full barrier. */
export function smp_mb__after_unlock(): void {}
