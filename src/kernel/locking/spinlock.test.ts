// SPDX-License-Identifier: GPL-2.0-only
/** Spinlocks in one thread: the word, preemption, interrupts. Several threads: locks.threads.test.ts. */
import { beforeEach, describe, expect, it } from 'vitest';
import { in_atomic, irqs_disabled, preempt_count } from '../../arch/sab/cpu.ts';
import type { Addr } from '../../arch/sab/memory.ts';
import type { Machine } from '../../init/machine.ts';
import { kzalloc } from '../../mm/slab.ts';
import { boot, kinds, oopsOf } from '../../testing/boot.ts';
import { kernel_exit } from '../sched/core.ts';
import {
  CONTENDED,
  FREE,
  LOCKED,
  spin_is_locked,
  spin_lock,
  spin_lock_init,
  spin_lock_irq,
  spin_lock_irqsave,
  spin_trylock,
  spin_unlock,
  spin_unlock_irq,
  spin_unlock_irqrestore,
  spinlock_t,
} from './spinlock.ts';

let machine: Machine;
let lock: Addr<spinlock_t>;
let other: Addr<spinlock_t>;
beforeEach(() => {
  machine = boot();
  lock = kzalloc(spinlock_t.sizeof) as Addr<spinlock_t>;
  other = kzalloc(spinlock_t.sizeof) as Addr<spinlock_t>;
  spin_lock_init(lock, 'test_lock_a');
  spin_lock_init(other, 'test_lock_b');
});

describe('spin_lock', () => {
  it('takes the word and turns preemption off', () => {
    spin_lock(lock);
    expect([spinlock_t.at(lock).state, spin_is_locked(lock), preempt_count(), in_atomic()]).toEqual([
      LOCKED,
      true,
      1,
      true,
    ]);
    spin_lock(other);
    expect(preempt_count()).toBe(2);
    spin_unlock(lock);
    spin_unlock(other);
    expect([spin_is_locked(lock), spin_is_locked(other), preempt_count(), irqs_disabled()]).toEqual([
      false,
      false,
      0,
      false,
    ]);
    expect(kinds(machine)).toEqual([]);
  });
  it('unlocks a lock with waiters wholly: a sleeper takes it anew', () => {
    spin_lock(lock);
    spinlock_t.at(lock).state = CONTENDED;
    spin_unlock(lock);
    expect(spinlock_t.at(lock).state).toBe(FREE);
  });
});

describe('spin_trylock', () => {
  it('does not take a lock that is taken, and changes nothing then', () => {
    expect(spin_trylock(lock)).toBe(true);
    expect(preempt_count()).toBe(1);
    expect(spin_trylock(lock)).toBe(false);
    expect(preempt_count()).toBe(1);
    spin_unlock(lock);
    expect(preempt_count()).toBe(0);
  });
});

describe('interrupts', () => {
  it('are off between lock and unlock, and as before after irqrestore', () => {
    const outer = spin_lock_irqsave(lock);
    const inner = spin_lock_irqsave(other);
    expect([outer, inner, irqs_disabled()]).toEqual([false, true, true]);
    spin_unlock_irqrestore(other, inner);
    expect(irqs_disabled()).toBe(true);
    spin_unlock_irqrestore(lock, outer);
    expect([irqs_disabled(), in_atomic()]).toEqual([false, false]);
  });
  it('are on after spin_unlock_irq, whatever they were', () => {
    spin_lock_irq(lock);
    expect(irqs_disabled()).toBe(true);
    spin_unlock_irq(lock);
    expect(irqs_disabled()).toBe(false);
  });
});

it('a lock held on the way to user mode is found', () => {
  spin_lock(lock);
  expect(oopsOf(machine, kernel_exit).kind).toBe('lockdep:held-at-exit');
});
