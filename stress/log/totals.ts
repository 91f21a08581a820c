// SPDX-License-Identifier: GPL-2.0-only
/** Lock, latency and activity figures, added up over rounds. */
import { addBins, type Bins } from '../../src/arch/sab/histogram.ts';
import type { LockStat } from '../../src/kernel/locking/lock_stat.ts';
import { distribution } from '../result/distribution.ts';
import { ACTIVITIES, type Activity, type ContentionPoint, type Distribution, type Lock } from '../result/run_result.ts';
import type { Figures } from './records.ts';

type Sites = LockStat['waiters'];

function addSites(a: Sites, b: Sites): Sites {
  const sums = new Map(a);
  for (const [site, count] of b) sums.set(site, (sums.get(site) ?? 0) + count);
  return [...sums];
}

const least = (a: number, b: number): number => (a === 0 || b === 0 ? Math.max(a, b) : Math.min(a, b));

const addLocks = (a: LockStat, b: LockStat): LockStat => ({
  class: a.class,
  conBounces: a.conBounces + b.conBounces,
  contentions: a.contentions + b.contentions,
  waitMin: least(a.waitMin, b.waitMin),
  waitMax: Math.max(a.waitMax, b.waitMax),
  waitTotal: a.waitTotal + b.waitTotal,
  acqBounces: a.acqBounces + b.acqBounces,
  acquisitions: a.acquisitions + b.acquisitions,
  holdMin: least(a.holdMin, b.holdMin),
  holdMax: Math.max(a.holdMax, b.holdMax),
  holdSamples: a.holdSamples + b.holdSamples,
  holdTotal: a.holdTotal + b.holdTotal,
  wait: addBins(a.wait, b.wait),
  hold: addBins(a.hold, b.hold),
  waiters: addSites(a.waiters, b.waiters),
  holders: addSites(a.holders, b.holders),
});

const points = (sites: Sites): ContentionPoint[] =>
  sites.map(([site, count]) => ({ site, count })).sort((a, b) => b.count - a.count);

function lockOf(s: LockStat): Lock {
  const holdMean = s.holdSamples === 0 ? 0 : s.holdTotal / s.holdSamples;
  return {
    class: s.class,
    conBounces: s.conBounces,
    contentions: s.contentions,
    acqBounces: s.acqBounces,
    acquisitions: s.acquisitions,
    wait: distribution(s.wait, {
      min: s.waitMin,
      max: s.waitMax,
      mean: s.contentions === 0 ? 0 : s.waitTotal / s.contentions,
    }),
    waitTotal: s.waitTotal,
    hold: distribution(s.hold, { min: s.holdMin, max: s.holdMax, mean: holdMean }),
    holdTotal: holdMean * s.acquisitions,
    waiters: points(s.waiters),
    holders: points(s.holders),
  };
}

export class Totals {
  rounds = 0;
  ranMs = 0;
  events = 0;
  private readonly lockStats = new Map<string, LockStat>();
  private readonly bins = new Map<string, Bins>();
  private readonly activity = new Map<string, number[]>();

  add({ operations, ranMs, locks, latency, roles }: Figures): void {
    this.rounds += 1;
    this.ranMs += ranMs;
    this.events += operations['reaped'] ?? 0;
    for (const lock of locks) {
      const sum = this.lockStats.get(lock.class);
      this.lockStats.set(lock.class, sum === undefined ? lock : addLocks(sum, lock));
    }
    for (const [call, bins] of Object.entries(latency)) this.bins.set(call, addBins(this.bins.get(call) ?? [], bins));
    for (const [role, looks] of Object.entries(roles)) {
      const sum = this.activity.get(role) ?? ACTIVITIES.map(() => 0);
      this.activity.set(
        role,
        sum.map((n, i) => n + (looks[i] ?? 0)),
      );
    }
  }

  /** Most contended first. */
  locks(): Lock[] {
    return [...this.lockStats.values()]
      .map(lockOf)
      .sort((a, b) => b.contentions - a.contentions || b.acquisitions - a.acquisitions);
  }

  latency(): Record<string, Distribution> {
    const sorted = [...this.bins].sort(([a], [b]) => a.localeCompare(b));
    return Object.fromEntries(sorted.map(([call, bins]) => [call, distribution(bins)]));
  }

  /** Shares of time by activity. */
  roles(): Record<string, Record<Activity, number>> {
    return Object.fromEntries(
      [...this.activity].map(([role, looks]) => {
        const all = looks.reduce((sum, n) => sum + n, 0);
        const share = (i: number): number => (all === 0 ? 0 : (looks[i] as number) / all);
        return [role, Object.fromEntries(ACTIVITIES.map((name, i) => [name, share(i)])) as Record<Activity, number>];
      }),
    );
  }
}
