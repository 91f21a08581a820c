// SPDX-License-Identifier: GPL-2.0-only
/**
 * The atomic instructions, the marked accesses and the barriers.
 *
 * Every Atomics operation of JavaScript is sequentially consistent, so each atomic instruction is at least as
 * strong as its namesake. What C does with a plain access stays a plain access (memory.ts): making
 * it atomic would hide the races that this machine exists to show, and cost some 7 ns each.
 *
 * A barrier stands apart from the accesses that it orders, as in C, so that it can be left out, and the hook is told of
 * it. JavaScript has none; WebAssembly has (instructions.ts).
 *
 * @linux include/linux/atomic.h, Documentation/memory-barriers.txt v3.17
 */
import { LOAD, MB, RMB, RMW, STORE, WMB } from './access.ts';
import { add, compareExchange, exchange, fullFence, load, orderFence, store } from './instructions.ts';
import { type Addr, atomicIndex, i32, load_once, ram, slowBarrier } from './memory.ts';
import { OWN_WORD_OFFSET } from './ram.ts';

/** Bytes from the start of RAM to the word at `addr`, which traps like every access. */
const loadAt = (addr: number): number => atomicIndex(LOAD, addr) << 2;
const storeAt = (addr: number): number => atomicIndex(STORE, addr) << 2;
const rmwAt = (addr: number): number => atomicIndex(RMW, addr) << 2;

export interface AtomicT {
  readonly kind: 'atomic_t';
}
/** A word that may be used plainly and atomically. */
export type Word = AtomicT | number;

export const atomic_read = (v: Addr<Word>): number => load(loadAt(v));

export function atomic_set(v: Addr<Word>, value: number): void {
  store(storeAt(v), value);
}

export function atomic_add(n: number, v: Addr<Word>): void {
  add(rmwAt(v), n);
}

/** @returns the new value */
export const atomic_add_return = (n: number, v: Addr<Word>): number => (add(rmwAt(v), n) + n) | 0;

export const atomic_inc = (v: Addr<Word>): void => atomic_add(1, v);
export const atomic_dec = (v: Addr<Word>): void => atomic_add(-1, v);

/** @returns whether the count is now zero */
export const atomic_dec_and_test = (v: Addr<Word>): boolean => atomic_add_return(-1, v) === 0;

/** Adds one unless the value is zero. @returns whether it did */
export function atomic_inc_not_zero(v: Addr<Word>): boolean {
  const at = rmwAt(v);
  // Plainly: whether it was right the exchange finds out.
  for (let seen = i32[at >> 2] as number; seen !== 0; ) {
    const found = compareExchange(at, seen, (seen + 1) | 0);
    if (found === seen) return true;
    seen = found;
  }
  return false;
}

/** Stores `next` if the word is `old`. @returns what the word was */
export const cmpxchg = (addr: Addr<Word>, old: number, next: number): number => compareExchange(rmwAt(addr), old, next);

/** @returns what the word was */
export const xchg = (addr: Addr<Word>, next: number): number => exchange(rmwAt(addr), next);

export const atomic_cmpxchg: typeof cmpxchg = cmpxchg;
export const atomic_xchg: typeof xchg = xchg;

/** A load that later accesses of this CPU cannot move before. @returns the signed word */
export const smp_load_acquire = (addr: Addr<Word>): number => load(loadAt(addr));

/** A store that earlier accesses of this CPU cannot move behind. */
export function smp_store_release(addr: Addr<Word>, value: number): void {
  store(storeAt(addr), value);
}

/** A store with a full barrier behind it, as set_current_state() makes it. An exchange, as on x86. */
export function set_mb(addr: Addr<Word>, value: number): void {
  store(rmwAt(addr), value);
}

/** A load that is done once, as it is written, and orders nothing. @returns the signed word */
export const ACCESS_ONCE: (addr: Addr<Word>) => number = load_once;

/** Stores before it are seen before stores after it. */
export function smp_wmb(): void {
  if (ram.hooked) slowBarrier(WMB);
  orderFence();
}

/** Loads after it see no less than loads before it did. */
export function smp_rmb(): void {
  if (ram.hooked) slowBarrier(RMB);
  orderFence();
}

/** Stores before it are seen before loads after it are done. */
export function smp_mb(): void {
  if (ram.hooked) slowBarrier(MB);
  fullFence(OWN_WORD_OFFSET);
}
