// SPDX-License-Identifier: GPL-2.0-only
/** lockdep reports a deadlock from orders that it has seen, without the deadlock; once. */
import { beforeEach, describe, expect, it } from 'vitest';
import { irq_enter, irq_exit } from '../../arch/sab/cpu.ts';
import type { Addr } from '../../arch/sab/memory.ts';
import type { Machine } from '../../init/machine.ts';
import { kzalloc } from '../../mm/slab.ts';
import { boot, bootAgain, kinds, oopsOf, records } from '../../testing/boot.ts';
import { snapshotCpus } from '../oops.ts';
import { synchronize_rcu } from '../rcu/tree.ts';
import { might_sleep, msleep } from '../sched/core.ts';
import type { LockClass } from './classes.ts';
import { mutex, mutex_init, mutex_lock, mutex_trylock, mutex_unlock } from './mutex.ts';
import {
  spin_lock,
  spin_lock_init,
  spin_lock_irqsave,
  spin_trylock,
  spin_unlock,
  spin_unlock_irqrestore,
  spinlock_t,
} from './spinlock.ts';

type Lock = Addr<spinlock_t>;
let machine: Machine;
let a: Lock;
let b: Lock;
let c: Lock;
const makeLock = (name: LockClass): Lock => {
  const lock = kzalloc(spinlock_t.sizeof) as Lock;
  spin_lock_init(lock, name);
  return lock;
};
beforeEach(() => {
  machine = boot();
  a = makeLock('test_lock_a');
  b = makeLock('test_lock_b');
  c = makeLock('test_lock_c');
});

function aMutex(): Addr<mutex> {
  const m = kzalloc(mutex.sizeof) as Addr<mutex>;
  mutex_init(m, 'test_lock_c');
  return m;
}

/** Takes the locks in that order, and releases them. */
function nest(...locks: Lock[]): void {
  for (const lock of locks) spin_lock(lock);
  for (const lock of locks.reverse()) spin_unlock(lock);
}

describe('order', () => {
  it('is what it is, as long as it is one', () => {
    nest(a, b, c);
    nest(a, c);
    nest(b, c);
    expect(kinds(machine)).toEqual([]);
  });
  it('reversed is a deadlock to be, reported once', () => {
    nest(a, b);
    nest(b, a);
    nest(b, a);
    nest(a, b);
    expect(records(machine)).toMatchObject([
      { kind: 'lockdep:deadlock', title: expect.stringMatching(/circular.*test_lock_a is taken under test_lock_b/) },
    ]);
    expect(records(machine)[0]?.text.join()).toContain('test_lock_a -> test_lock_b');
  });
  it('reversed by way of a third', () => {
    nest(a, b);
    nest(b, c);
    expect(kinds(machine)).toEqual([]);
    nest(c, a);
    expect(records(machine)[0]?.text.join()).toContain('test_lock_a -> test_lock_b -> test_lock_c');
  });
  it('is between classes, not between locks', () => {
    nest(a, b);
    nest(makeLock('test_lock_b'), makeLock('test_lock_a'));
    expect(kinds(machine)).toEqual(['lockdep:deadlock']);
  });
  it('has no place for two of one class', () => {
    nest(a, makeLock('test_lock_a'));
    expect(records(machine)[0]?.title).toContain('recursive');
  });
  it('is forgotten by a boot', () => {
    nest(a, b);
    bootAgain(machine);
    nest(makeLock('test_lock_b'), makeLock('test_lock_a'));
    expect(kinds(machine)).toEqual([]);
  });
  it('is not made by a trylock, which cannot wait', () => {
    nest(a, b);
    spin_lock(b);
    expect(spin_trylock(a)).toBe(true);
    spin_unlock(a);
    spin_unlock(b);
    expect(kinds(machine)).toEqual([]);
  });
  it('is made by what is taken under a lock that was tried', () => {
    nest(a, b);
    expect(spin_trylock(b)).toBe(true);
    spin_lock(a);
    spin_unlock(a);
    spin_unlock(b);
    expect(kinds(machine)).toEqual(['lockdep:deadlock']);
  });
  it('does not mind in which order locks are released', () => {
    spin_lock(a);
    spin_lock(b);
    spin_unlock(a);
    spin_lock(c);
    spin_unlock(b);
    spin_unlock(c);
    nest(b, c);
    nest(c, a); // a was no longer held when c was taken, so nothing says a -> c; but a -> b -> c does
    expect(kinds(machine)).toEqual(['lockdep:deadlock']);
  });
});

describe('sleeping under a spinlock', () => {
  it.each([
    ['might_sleep', might_sleep],
    ['msleep', () => msleep(1)],
    ['synchronize_rcu', synchronize_rcu],
  ])('is reported for %s', (_, sleep) => {
    spin_lock(a);
    expect(oopsOf(machine, sleep).kind).toBe('lockdep:sleep-in-atomic');
    spin_unlock(a);
  });
});

describe('interrupts', () => {
  const inInterrupt = (f: () => void): void => {
    irq_enter();
    f();
    irq_exit();
  };
  it.each([
    ['first', () => nest(a), () => inInterrupt(() => nest(a))],
    ['then', () => inInterrupt(() => nest(a)), () => nest(a)],
    ['tried', () => inInterrupt(() => nest(a)), () => spin_trylock(a) && spin_unlock(a)],
  ])('must not take what is taken with interrupts on, %s', (_, one, other) => {
    one();
    expect(kinds(machine)).toEqual([]);
    other();
    one();
    expect(kinds(machine)).toEqual(['lockdep:inconsistent-irq']);
  });
  it('may take what is taken with interrupts off', () => {
    const flags = spin_lock_irqsave(a);
    spin_unlock_irqrestore(a, flags);
    inInterrupt(() => nest(a, b));
    nest(c);
    expect(kinds(machine)).toEqual([]);
  });
  it.each([
    ['sleep', might_sleep],
    ['try a mutex', () => mutex_trylock(aMutex())],
    ['take a mutex', () => mutex_lock(aMutex())],
  ])('must not %s', (_, f) => {
    irq_enter();
    expect(oopsOf(machine, f).kind).toBe('lockdep:sleep-in-atomic');
  });
});

describe('held locks', () => {
  it('are seen from outside', () => {
    spin_lock(a);
    spin_lock(b);
    const [me] = snapshotCpus(0);
    expect(me?.held).toEqual([`test_lock_a 0x${a.toString(16)}`, `test_lock_b 0x${b.toString(16)}`]);
    expect(me?.waiting).toBeNull();
    spin_unlock(b);
    spin_unlock(a);
    expect(snapshotCpus(0)[0]?.held).toEqual([]);
  });
  it('are only what is held: another unlock is reported', () => {
    spin_lock(a);
    spin_unlock(b);
    expect(kinds(machine)).toEqual(['lockdep:bad-unlock']);
    expect(records(machine)[0]?.title).toContain('test_lock_b');
  });
  it('are known of mutexes, too', () => {
    const m = aMutex();
    mutex_lock(m);
    nest(a);
    mutex_unlock(m);
    spin_lock(a);
    expect(mutex_trylock(m)).toBe(true);
    mutex_unlock(m);
    spin_unlock(a);
    expect(kinds(machine)).toEqual([]);
  });
});
