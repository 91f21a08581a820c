// SPDX-License-Identifier: GPL-2.0-only
/**
 * Mutexes: sleeping locks with one owner. The word and its slow path are the spinlock's (see there); the differences
 * are that the holder may sleep, that a waiter is quiescent for RCU, and that the owner is known.
 *
 * NOT LINUX: no wait list; a mutex is barging, as a futex is.
 * @linux kernel/locking/mutex.c v3.17
 */
import { cmpxchg, type Word, xchg } from '../../arch/sab/atomic.ts';
import { smp_processor_id } from '../../arch/sab/cpu.ts';
import { type Addr, load32, store32 } from '../../arch/sab/memory.ts';
import { unpark } from '../../arch/sab/park.ts';
import { struct, u32, type View } from '../../arch/sab/struct.ts';
import { record } from '../oops.ts';
import { __set_current_state, might_sleep, sleep_on_word, TASK_RUNNING } from '../sched/core.ts';
import { type LockClass, lockClass, lockClassName } from './classes.ts';
import { lock_probe } from './probe.ts';
import { CONTENDED, FREE, LAST_CPU, LOCKED, spin_limit } from './spinlock.ts';

export const mutex = struct('mutex', {
  /** FREE, LOCKED or CONTENDED */
  state: u32,
  /** I: number of the lock class */
  cls: u32,
  /** L: CPU that held it last, plus one; kept by lock_stat */
  last_cpu: u32,
  /** L: CPU that holds it, plus one; 0 if nobody does */
  owner: u32,
});
export type mutex = View<typeof mutex>;
type MutexAddr = Addr<mutex>;
const CLS = mutex.offsetof.cls;
const OWNER = mutex.offsetof.owner;

export function mutex_init(lock: MutexAddr, name: LockClass): void {
  store32(lock, FREE);
  store32(lock + CLS, lockClass(name));
  store32(lock + LAST_CPU, 0);
  store32(lock + OWNER, 0);
}

function mutex_lock_slowpath(lock: MutexAddr): void {
  for (let probes = spin_limit; probes > 0; probes--) {
    if (load32(lock) === FREE && cmpxchg(lock as number as Addr<Word>, FREE, LOCKED) === FREE) return;
  }
  let slept = false;
  while (xchg(lock as number as Addr<Word>, CONTENDED) !== FREE) {
    sleep_on_word(lock, CONTENDED);
    slept = true;
  }
  // A task that was about to sleep for something else, and has slept here, is runnable now.
  if (slept) __set_current_state(TASK_RUNNING);
}

/** @context may sleep */
export function mutex_lock(lock: MutexAddr): void {
  might_sleep();
  const contended = cmpxchg(lock as number as Addr<Word>, FREE, LOCKED) !== FREE;
  const probe = lock_probe();
  if (probe === null) {
    if (contended) mutex_lock_slowpath(lock);
  } else {
    const cls = load32(lock + CLS);
    probe.acquire(lock, cls, false, true);
    if (contended) {
      probe.contended(lock, cls);
      mutex_lock_slowpath(lock);
    }
    probe.acquired(lock, cls, contended);
  }
  store32(lock + OWNER, smp_processor_id() + 1);
}

/** @returns whether the lock was free and is now held @context any task; does not sleep */
export function mutex_trylock(lock: MutexAddr): boolean {
  if (cmpxchg(lock as number as Addr<Word>, FREE, LOCKED) !== FREE) return false;
  const probe = lock_probe();
  if (probe !== null) {
    probe.acquire(lock, load32(lock + CLS), true, true);
    probe.acquired(lock, load32(lock + CLS), false);
  }
  store32(lock + OWNER, smp_processor_id() + 1);
  return true;
}

/** @context the task that locked it */
export function mutex_unlock(lock: MutexAddr): void {
  if (load32(lock + OWNER) !== smp_processor_id() + 1) {
    record({
      kind: 'lockdep:bad-unlock',
      title: `mutex ${lockClassName(load32(lock + CLS))} is unlocked by a task that does not hold it`,
    });
  }
  const probe = lock_probe();
  if (probe !== null) probe.release(lock, load32(lock + CLS));
  store32(lock + OWNER, 0);
  if (xchg(lock as number as Addr<Word>, FREE) === CONTENDED) unpark(lock, 1);
}

export const mutex_is_locked = (lock: MutexAddr): boolean => load32(lock) !== FREE;
