// SPDX-License-Identifier: GPL-2.0-only
/** lock_stat in one thread: what is counted. The contended side: testing/primitives.threads.test.ts. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Addr } from '../../arch/sab/memory.ts';
import type { Machine } from '../../init/machine.ts';
import { kzalloc } from '../../mm/slab.ts';
import { boot } from '../../testing/boot.ts';
import { LOCK_CLASS_COUNT, LOCK_CLASSES, lockClass, lockClassName } from './classes.ts';
import {
  ACQUISITIONS,
  addTime,
  CONTENTIONS,
  createLockStat,
  HOLD_SAMPLE,
  lockStatRow,
  readLockStat,
  WAIT_MIN,
} from './lock_stat.ts';
import { spin_lock, spin_lock_init, spin_trylock, spin_unlock, spinlock_t } from './spinlock.ts';

let machine: Machine;
let lock: Addr<spinlock_t>;
beforeEach(() => {
  machine = boot();
  lock = kzalloc(spinlock_t.sizeof) as Addr<spinlock_t>;
  spin_lock_init(lock, 'test_lock_a');
});
const row = () => readLockStat(machine.lockStat).find((r) => r.class === 'test_lock_a');

describe('lock_stat', () => {
  it('counts acquisitions, of trylocks that succeed as well', () => {
    for (let i = 0; i < 5; i++) {
      spin_lock(lock);
      expect(spin_trylock(lock)).toBe(false);
      spin_unlock(lock);
    }
    expect(spin_trylock(lock)).toBe(true);
    spin_unlock(lock);
    expect(row()).toMatchObject({ acquisitions: 6, contentions: 0, conBounces: 0, waittimeTotal: 0 });
  });
  it('counts a bounce when the lock comes to another CPU, not when it stays', () => {
    for (let i = 0; i < 3; i++) {
      spin_lock(lock);
      spin_unlock(lock);
    }
    expect(row()?.acqBounces).toBe(1);
    spinlock_t.at(lock).last_cpu = 2; // CPU 1 had it
    spin_lock(lock);
    spin_unlock(lock);
    expect(row()?.acqBounces).toBe(2);
    expect(spinlock_t.at(lock).last_cpu).toBe(1);
  });
  it('times one hold in HOLD_SAMPLE, and scales up', () => {
    for (let i = 0; i < 4 * HOLD_SAMPLE; i++) {
      spin_lock(lock);
      spin_unlock(lock);
    }
    const r = row();
    expect(r?.holdSamples).toBe(4);
    expect(r?.holdtimeTotal).toBeCloseTo((r?.holdtimeAvg ?? 0) * 4 * HOLD_SAMPLE);
    expect(r?.holdtimeMin).toBeLessThanOrEqual(r?.holdtimeMax ?? 0);
  });
  it('adds CPUs up', () => {
    const stat = createLockStat(3);
    const cls = lockClass('ring_lock');
    [10, 0, 30].forEach((n, cpu) => {
      stat[lockStatRow(cpu, cls) + ACQUISITIONS] = n;
      stat[lockStatRow(cpu, cls) + CONTENTIONS] = n / 10;
      if (n > 0) addTime(stat, lockStatRow(cpu, cls) + WAIT_MIN, n);
    });
    addTime(stat, lockStatRow(2, cls) + WAIT_MIN, 5);
    expect(readLockStat(stat)).toMatchObject([
      { class: 'ring_lock', acquisitions: 40, contentions: 4, waittimeMin: 5, waittimeMax: 30, waittimeTotal: 45 },
    ]);
  });
  it('knows classes by name and number', () => {
    expect(LOCK_CLASSES.map((name) => lockClassName(lockClass(name)))).toEqual([...LOCK_CLASSES]);
    expect(new Set(LOCK_CLASSES).size).toBe(LOCK_CLASS_COUNT);
  });
});
