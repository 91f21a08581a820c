// SPDX-License-Identifier: GPL-2.0-only
/** Mutexes in one thread: owner, trylock, who may unlock. Several threads: locks.threads.test.ts. */
import { beforeEach, expect, it } from 'vitest';
import { in_atomic, preempt_disable, preempt_enable, setCpu } from '../../arch/sab/cpu.ts';
import type { Addr } from '../../arch/sab/memory.ts';
import type { Machine } from '../../init/machine.ts';
import { kzalloc } from '../../mm/slab.ts';
import { boot, kinds, oopsOf, records } from '../../testing/boot.ts';
import { mutex, mutex_init, mutex_is_locked, mutex_lock, mutex_trylock, mutex_unlock } from './mutex.ts';
import { CONTENDED, FREE, LOCKED } from './spinlock.ts';

let machine: Machine;
let lock: Addr<mutex>;
beforeEach(() => {
  machine = boot();
  lock = kzalloc(mutex.sizeof) as Addr<mutex>;
  mutex_init(lock, 'test_lock_a');
});

it('has an owner while it is held, who may sleep', () => {
  mutex_lock(lock);
  expect([mutex.at(lock).state, mutex.at(lock).owner, in_atomic()]).toEqual([LOCKED, 1, false]);
  mutex_unlock(lock);
  expect([mutex.at(lock).state, mutex.at(lock).owner, mutex_is_locked(lock)]).toEqual([FREE, 0, false]);
  expect(kinds(machine)).toEqual([]);
});
it('can be tried', () => {
  expect(mutex_trylock(lock)).toBe(true);
  expect(mutex.at(lock).owner).toBe(1);
  expect(mutex_trylock(lock)).toBe(false);
  mutex_unlock(lock);
  expect(mutex_trylock(lock)).toBe(true);
});
it('is freed wholly, with waiters, too', () => {
  mutex_lock(lock);
  mutex.at(lock).state = CONTENDED;
  mutex_unlock(lock);
  expect(mutex.at(lock).state).toBe(FREE);
});
it('must not be taken where sleeping is wrong, free or not; but may be tried there', () => {
  preempt_disable();
  expect(oopsOf(machine, () => mutex_lock(lock)).kind).toBe('lockdep:sleep-in-atomic');
  expect(mutex_is_locked(lock)).toBe(false);
  expect(mutex_trylock(lock)).toBe(true);
  mutex_unlock(lock);
  preempt_enable();
});
it('that nobody holds cannot be unlocked unseen', () => {
  mutex_unlock(lock);
  expect(kinds(machine)).toContain('lockdep:bad-unlock');
  expect(records(machine)[0]?.title).toContain('test_lock_a');
});
it('that another CPU holds cannot be unlocked unseen', () => {
  mutex_lock(lock);
  setCpu(1, 2);
  mutex_unlock(lock);
  expect(kinds(machine)).toContain('lockdep:bad-unlock');
});
