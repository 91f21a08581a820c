// SPDX-License-Identifier: GPL-2.0-only
/** The atomic instructions, their results and their wrap-around. */
import { beforeEach, expect, it } from 'vitest';
import { boot } from '../../testing/boot.ts';
import type { AtomicT } from './atomic.ts';
import {
  atomic_add,
  atomic_add_return,
  atomic_dec,
  atomic_dec_and_test,
  atomic_inc,
  atomic_inc_not_zero,
  atomic_read,
  atomic_set,
  cmpxchg,
  smp_load_acquire,
  smp_store_release,
  xchg,
} from './atomic.ts';
import { memblock_alloc } from './bss.ts';
import { type Addr, load32, store32 } from './memory.ts';

let v: Addr<AtomicT>;
beforeEach(() => {
  boot({ sanitize: false });
  v = memblock_alloc(4, 4) as Addr<AtomicT>;
});

it('reads what was set, signed', () => {
  atomic_set(v, 0xffff_ffff);
  expect(atomic_read(v)).toBe(-1);
});
it('adds, and says the new value', () => {
  atomic_add(5, v);
  atomic_inc(v);
  atomic_dec(v);
  expect(atomic_add_return(-7, v)).toBe(-2);
  expect(atomic_read(v)).toBe(-2);
});
it('wraps as an int does', () => {
  atomic_set(v, 0x7fff_ffff);
  expect(atomic_add_return(1, v)).toBe(-0x8000_0000);
});
it('tests for zero after the decrement', () => {
  atomic_set(v, 2);
  expect([atomic_dec_and_test(v), atomic_dec_and_test(v), atomic_dec_and_test(v)]).toEqual([false, true, false]);
});
it('does not resurrect a zero', () => {
  expect(atomic_inc_not_zero(v)).toBe(false);
  expect(atomic_read(v)).toBe(0);
  atomic_set(v, -1);
  expect(atomic_inc_not_zero(v)).toBe(true);
  expect(atomic_read(v)).toBe(0);
});
it('exchanges, and says what was there', () => {
  expect(cmpxchg(v, 1, 9)).toBe(0);
  expect(atomic_read(v)).toBe(0);
  expect(cmpxchg(v, 0, 9)).toBe(0);
  expect(xchg(v, 4)).toBe(9);
  expect(load32(v)).toBe(4);
});
it('mixes with plain accesses', () => {
  const word = v as number as Addr<number>;
  store32(word, 3);
  expect(smp_load_acquire(word)).toBe(3);
  smp_store_release(word, 8);
  expect(load32(word)).toBe(8);
});
