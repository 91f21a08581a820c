// SPDX-License-Identifier: GPL-2.0-only
/** lock_stat on real threads: who waited for whom, and that what it counts adds up. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HISTOGRAM_BINS } from '../../arch/sab/histogram.ts';
import { complaints, type TortureOptions, TorturePool } from '../../testing/pool.ts';
import { lockClass } from './classes.ts';
import { type LockSlice, readLockSlices } from './lock_slices.ts';
import { type LockStat, readLockStat } from './lock_stat.ts';
import { CONTENTIONS, type LockStatBuffers, rowOf, waitHistogramOf } from './lock_stat_buffers.ts';

let pool: TorturePool;
beforeAll(() => {
  pool = new TorturePool(4);
});
afterAll(() => pool.destroy());

/** Runs a body and expects it to go well. @returns what lock_stat has counted */
async function run(body: string, options: Partial<TortureOptions>): Promise<LockStatBuffers> {
  const outcome = await pool.run(body, options);
  expect(complaints(outcome)).toEqual([]);
  expect(outcome.died).toEqual([]);
  return outcome.machine.lockStat;
}
function row(buffers: LockStatBuffers, name = 'test_lock_a'): LockStat {
  const found = readLockStat(buffers).find((r) => r.class === name);
  if (found === undefined) throw new Error(`${name} was not used`);
  return found;
}

const total = (bins: readonly number[]): number => bins.reduce((sum, n, i) => (i % 2 === 1 ? sum + n : sum), 0);
const counts = (sites: LockStat['waiters']): number => sites.reduce((sum, [, count]) => sum + count, 0);

/** What does not add up. */
function disagreements(buffers: LockStatBuffers): string[] {
  return readLockStat(buffers).flatMap((r) => [
    ...(total(r.wait) === r.contentions ? [] : [`${r.class}: ${total(r.wait)} waits of ${r.contentions}`]),
    ...(counts(r.waiters) === r.contentions ? [] : [`${r.class}: ${counts(r.waiters)} waiters of ${r.contentions}`]),
    ...(total(r.hold) === r.holdSamples ? [] : [`${r.class}: ${total(r.hold)} holds of ${r.holdSamples}`]),
    ...(counts(r.holders) <= r.contentions ? [] : [`${r.class}: more holders than contentions`]),
    ...(r.conBounces <= r.contentions ? [] : [`${r.class}: more bounces than contentions`]),
    ...(r.acqBounces <= r.acquisitions ? [] : [`${r.class}: more bounces than acquisitions`]),
    ...(r.contentions <= r.acquisitions ? [] : [`${r.class}: more contentions than acquisitions`]),
  ]);
}

describe('one contention', () => {
  it.each([
    ['contended_spinlock', 'test_lock_a'],
    ['contended_mutex', 'test_lock_b'],
  ])('of %s is counted', async (body, lockClass) => {
    const r = row(await run(body, { threads: 2 }), lockClass);
    expect(r).toMatchObject({ acquisitions: 2, contentions: 1, conBounces: 1, acqBounces: 1 });
    expect(r.waitTotal).toBeGreaterThan(0);
    expect([r.waitMin, r.waitMax]).toEqual([r.waitTotal, r.waitTotal]);
  });
});

describe('many contentions', () => {
  it('name who waited and who held', async () => {
    const buffers = await run('awaited_lock', { threads: 2, iterations: 60 });
    const r = row(buffers);
    expect(r).toMatchObject({ acquisitions: 120, contentions: 60, conBounces: 60, acqBounces: 119 });
    const site = (name: string) =>
      expect.stringMatching(`^${name} \\(src/testing/bodies/contention\\.js:\\d+:\\d+\\)$`);
    expect(r.waiters).toEqual([[site('waitForHolder'), 60]]);
    expect(r.holders).toEqual([[site('holdUntilAwaited'), expect.any(Number)]]);
    // Every question is answered here; those since the last one have not been asked.
    expect(counts(r.holders)).toBeGreaterThanOrEqual(4);
    expect(disagreements(buffers)).toEqual([]);
  });
  it('are slices of the CPU that waited', async () => {
    const buffers = await run('awaited_lock', { threads: 2, iterations: 30 });
    const waits = (cpu: number): LockSlice[] => readLockSlices(buffers, cpu).filter(({ what }) => what === 'wait');
    const [holds, waited] = [waits(0), waits(1)];
    expect(holds.filter((slice) => slice.class === 'test_lock_a')).toEqual([]);
    expect(waited.filter((slice) => slice.class === 'test_lock_a').length).toBe(30);
    for (const { startUs, durationUs } of waited) {
      expect(startUs).toBeGreaterThan(0);
      expect(durationUs).toBeGreaterThan(0);
    }
  });
  it.each(['spin_lock', 'mutex_lock'])('of four CPUs add up: %s', async (variant) => {
    const buffers = await run('shared_counter', { variant, threads: 4, iterations: 20_000 });
    expect(row(buffers, variant === 'spin_lock' ? 'test_lock_a' : 'test_lock_b').acquisitions).toBe(80_000);
    expect(disagreements(buffers)).toEqual([]);
  });
  it('would not add up if any were left out', async () => {
    const buffers = await run('awaited_lock', { threads: 2, iterations: 20 });
    const cls = lockClass('test_lock_a');
    const counted = rowOf(1, cls) + CONTENTIONS;
    const broken: Record<string, () => void> = {
      'a contention': () => {
        buffers.counters[counted] = 19;
      },
      'a wait': () => {
        buffers.counters[counted] = 20;
        const base = waitHistogramOf(1, cls);
        const bin = buffers.histograms.findIndex((count, i) => i >= base && i < base + HISTOGRAM_BINS && count > 0);
        buffers.histograms[bin] = (buffers.histograms[bin] as number) - 1;
      },
    };
    for (const [what, leaveOut] of Object.entries(broken)) {
      leaveOut();
      expect([what, disagreements(buffers).length > 0]).toEqual([what, true]);
    }
  });
});

describe('a lock that nobody waits for', () => {
  it('does not bounce where one CPU has it', async () => {
    const buffers = await run('lock_in_turns', { variant: 'one', threads: 2, iterations: 200 });
    expect(row(buffers)).toMatchObject({ acquisitions: 200, acqBounces: 0, contentions: 0, waiters: [], holders: [] });
  });
  it('bounces every time where they take turns', async () => {
    const buffers = await run('lock_in_turns', { variant: 'turns', threads: 2, iterations: 200 });
    expect(row(buffers)).toMatchObject({ acquisitions: 200, acqBounces: 199, contentions: 0 });
  });
});
