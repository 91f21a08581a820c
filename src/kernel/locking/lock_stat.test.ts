// SPDX-License-Identifier: GPL-2.0-only
/** lock_stat in one thread: what is counted. The contended side: lock_stat.threads.test.ts. */
import { beforeEach, describe, expect, it } from 'vitest';
import { binOf, countTime, HISTOGRAM_BINS, highOf, lowOf } from '../../arch/sab/histogram.ts';
import type { Addr } from '../../arch/sab/memory.ts';
import type { Machine } from '../../init/machine.ts';
import { kzalloc } from '../../mm/slab.ts';
import { boot, bootAgain, kinds } from '../../testing/boot.ts';
import { LOCK_CLASS_COUNT, LOCK_CLASSES, lockClass, lockClassName } from './classes.ts';
import { SITES_MAX } from './contention_sites.ts';
import { enableLockDebug } from './lock_debug.ts';
import { readLockSlices } from './lock_slices.ts';
import { type LockStat, OTHER_SITES_NAME, readLockStat } from './lock_stat.ts';
import {
  ACQUISITIONS_DUE,
  addTime,
  CONTENTIONS,
  clearLockStat,
  createLockStat,
  type LockStatBuffers,
  rowOf,
  WAIT_MIN,
  waitHistogramOf,
} from './lock_stat_buffers.ts';
import { HOLD_SAMPLE, LockStatProbe } from './lock_stat_probe.ts';
import { spin_lock, spin_lock_init, spin_trylock, spin_unlock, spinlock_t } from './spinlock.ts';

let machine: Machine;
let lock: Addr<spinlock_t>;
function makeLock(): void {
  lock = kzalloc(spinlock_t.sizeof) as Addr<spinlock_t>;
  spin_lock_init(lock, 'test_lock_a');
}
beforeEach(() => {
  machine = boot();
  makeLock();
});
const row = (): LockStat | undefined => readLockStat(machine.lockStat).find((r) => r.class === 'test_lock_a');
const total = (bins: readonly number[]): number => bins.reduce((sum, n, i) => (i % 2 === 1 ? sum + n : sum), 0);

/** Takes and releases the lock. */
function take(times: number): void {
  for (let i = 0; i < times; i++) {
    spin_lock(lock);
    spin_unlock(lock);
  }
}

describe('lock_stat', () => {
  it('counts acquisitions, of trylocks that succeed as well', () => {
    for (let i = 0; i < 5; i++) {
      spin_lock(lock);
      expect(spin_trylock(lock)).toBe(false);
      spin_unlock(lock);
    }
    expect(spin_trylock(lock)).toBe(true);
    spin_unlock(lock);
    expect(row()).toMatchObject({
      acquisitions: 6,
      contentions: 0,
      conBounces: 0,
      waitTotal: 0,
      wait: [],
      waiters: [],
    });
  });
  it('counts exactly, wherever the next sample is', () => {
    for (let n = 1; n <= 3 * HOLD_SAMPLE; n++) {
      take(1);
      expect(row()?.acquisitions).toBe(n);
    }
  });
  it('counts a bounce when the lock comes from another CPU, not when it stays', () => {
    take(3);
    expect(row()?.acqBounces).toBe(0);
    spinlock_t.at(lock).last_cpu = 2; // CPU 1 had it
    take(2);
    expect(row()?.acqBounces).toBe(1);
    expect(spinlock_t.at(lock).last_cpu).toBe(1);
  });
  it('times the first hold, and then one in HOLD_SAMPLE on average', () => {
    take(1);
    expect(row()?.holdSamples).toBe(1);
    take(400 * HOLD_SAMPLE);
    const samples = row()?.holdSamples ?? 0;
    expect(samples).toBeGreaterThan(350);
    expect(samples).toBeLessThan(450);
  });
  it('keeps holds that agree with each other', () => {
    take(50 * HOLD_SAMPLE);
    const r = row();
    const bins = r?.hold ?? [];
    expect(total(bins)).toBe(r?.holdSamples);
    expect(bins[0]).toBe(binOf(r?.holdMin ?? 0));
    expect(bins.at(-2)).toBe(binOf(r?.holdMax ?? 0));
    const bound = (edge: (bin: number) => number): number =>
      bins.reduce((sum, count, i) => (i % 2 === 1 ? sum + count * edge(bins[i - 1] as number) : sum), 0);
    expect(r?.holdTotal).toBeGreaterThanOrEqual(bound(lowOf));
    expect(r?.holdTotal).toBeLessThanOrEqual(bound((bin) => highOf(bin) + 1));
  });
  it('knows classes by name and number', () => {
    expect(LOCK_CLASSES.map((name) => lockClassName(lockClass(name)))).toEqual([...LOCK_CLASSES]);
    expect(new Set(LOCK_CLASSES).size).toBe(LOCK_CLASS_COUNT);
  });
});

describe('a boot', () => {
  it('begins with nothing', () => {
    take(100 * HOLD_SAMPLE);
    expect(readLockSlices(machine.lockStat, 0).some((slice) => slice.class === 'test_lock_a')).toBe(true);
    bootAgain(machine);
    expect(row()).toBeUndefined();
    expect(readLockSlices(machine.lockStat, 0).some((slice) => slice.class === 'test_lock_a')).toBe(false);
    makeLock();
    take(7);
    expect(row()).toMatchObject({ acquisitions: 7, holdSamples: 1 });
  });
  it('leaves no bin behind', () => {
    take(100 * HOLD_SAMPLE);
    clearLockStat(machine.lockStat);
    expect(machine.lockStat.histograms.every((count) => count === 0)).toBe(true);
    expect(readLockStat(machine.lockStat)).toEqual([]);
  });
});

describe('slices', () => {
  it('are the timed holds, in the order in which they ended', () => {
    take(20 * HOLD_SAMPLE);
    const slices = readLockSlices(machine.lockStat, 0).filter((slice) => slice.class === 'test_lock_a');
    expect(slices.length).toBe(row()?.holdSamples);
    const ends = slices.map(({ startUs, durationUs }) => startUs + durationUs);
    expect(ends).toEqual([...ends].sort((a, b) => a - b));
    expect(slices.every(({ what, startUs, durationUs }) => what === 'hold' && startUs > 0 && durationUs > 0)).toBe(
      true,
    );
  });
  it('are the last ones where there are many', () => {
    take(600 * HOLD_SAMPLE);
    const slices = readLockSlices(machine.lockStat, 0);
    expect(slices.length).toBe(255);
    expect(slices.every((slice) => slice.class === 'test_lock_a')).toBe(true);
  });
});

describe('what listens', () => {
  const BOTH = [true, false].flatMap((lockdep) => [true, false].map((lockStat) => ({ lockdep, lockStat })));
  it.each(BOTH)('is what was switched on: %o', ({ lockdep, lockStat }) => {
    enableLockDebug({ lockdep, lockStat: lockStat ? machine.lockStat : null, epoch: 0 });
    take(3);
    expect(row()?.acquisitions).toBe(lockStat ? 3 : undefined);
    const other = kzalloc(spinlock_t.sizeof) as Addr<spinlock_t>;
    spin_lock_init(other, 'test_lock_a');
    spin_lock(lock);
    spin_lock(other);
    expect(kinds(machine)).toEqual(lockdep ? ['lockdep:deadlock'] : []);
    spin_unlock(other);
    spin_unlock(lock);
  });
});

describe('the reader', () => {
  const cls = lockClass('ring_lock');
  /** Counts waits of a CPU, as its probe does. */
  function wait(buffers: LockStatBuffers, cpu: number, ...times: number[]): void {
    const at = rowOf(cpu, cls);
    for (const ns of times) {
      buffers.counters[at + CONTENTIONS] = (buffers.counters[at + CONTENTIONS] as number) + 1;
      buffers.counters[at + ACQUISITIONS_DUE] = (buffers.counters[at + ACQUISITIONS_DUE] as number) + 1;
      addTime(buffers.counters, at + WAIT_MIN, ns);
      countTime(buffers.histograms, waitHistogramOf(cpu, cls), ns);
    }
  }

  it('adds CPUs up', () => {
    const buffers = createLockStat(3);
    wait(buffers, 0, 10, 5000);
    wait(buffers, 2, 5000, 3, 1e9);
    expect(readLockStat(buffers)).toMatchObject([
      {
        class: 'ring_lock',
        acquisitions: 5,
        contentions: 5,
        waitMin: 3,
        waitMax: 1e9,
        waitTotal: 1e9 + 10_013,
        wait: [3, 1, 10, 1, binOf(5000), 2, binOf(1e9), 1],
        hold: [],
      },
    ]);
  });
  it('says of what found no room that there were other places', () => {
    const buffers = createLockStat(1);
    buffers.sites.words[0] = SITES_MAX;
    const probe = new LockStatProbe(0, buffers, 0);
    for (let contentions = 0; contentions < 1000; contentions++) probe.contended(lock, cls);
    expect(readLockStat(buffers)[0]).toMatchObject({ contentions: 1000, waiters: [[OTHER_SITES_NAME, 1000]] });
  });
  it('and clearing touch only what was used: 256 CPUs take no memory', () => {
    const before = process.memoryUsage.rss();
    const buffers = createLockStat(256);
    wait(buffers, 200, 7);
    readLockStat(buffers);
    clearLockStat(buffers);
    const bytes = buffers.histograms.byteLength;
    expect(bytes).toBeGreaterThan(256 * LOCK_CLASS_COUNT * HISTOGRAM_BINS * 4);
    expect(process.memoryUsage.rss() - before).toBeLessThan(bytes / 2);
  });
});
