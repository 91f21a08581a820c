// SPDX-License-Identifier: GPL-2.0-only
/** The load of the lock benchmarks: lock, increment a shared counter, compute for a while, unlock. */
import { type Addr, load32, store32 } from '../../src/arch/sab/memory.ts';
import { mutex, mutex_init, mutex_lock, mutex_unlock } from '../../src/kernel/locking/mutex.ts';
import { spin_lock, spin_lock_init, spin_unlock, type spinlock_t } from '../../src/kernel/locking/spinlock.ts';
import { kernel_enter, kernel_exit } from '../../src/kernel/sched/core.ts';
import { kzalloc } from '../../src/mm/slab.ts';

/** Addresses. Can be posted. */
export interface LockLoad {
  readonly spin: Addr<spinlock_t>;
  readonly mutex: Addr<mutex>;
  readonly counter: number;
}

/** @context a freshly booted CPU, in user mode */
export function makeLockLoad(): LockLoad {
  kernel_enter();
  const spin = kzalloc(64) as Addr<spinlock_t>;
  const sleeping = mutex.at(kzalloc(64)).addr as Addr<mutex>;
  const counter = kzalloc(64);
  spin_lock_init(spin, 'test_lock_a');
  mutex_init(sleeping, 'test_lock_b');
  kernel_exit();
  return { spin, mutex: sleeping, counter };
}

/** Some 1.2 ns a step on today's machines, in C and here. */
function compute(steps: number, seed: number): number {
  let x = seed;
  for (let i = 0; i < steps; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0;
  return x;
}
let sink = 0;

/** @param work - steps inside the lock @context kernel mode */
export function spinLockings(load: LockLoad, times: number, work: number): void {
  for (let i = 0; i < times; i++) {
    spin_lock(load.spin);
    store32(load.counter, load32(load.counter) + 1);
    if (work !== 0) sink = compute(work, sink);
    spin_unlock(load.spin);
  }
}

/** @context kernel mode */
export function mutexLockings(load: LockLoad, times: number): void {
  for (let i = 0; i < times; i++) {
    mutex_lock(load.mutex);
    store32(load.counter, load32(load.counter) + 1);
    mutex_unlock(load.mutex);
  }
}
