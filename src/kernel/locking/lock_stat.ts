// SPDX-License-Identifier: GPL-2.0-only
/**
 * lock_stat: what each lock class cost, read from the CPUs' buffers and added up.
 *
 * Acquisitions, contentions and bounces are exact, as are the least, the greatest and the sum of all waits. Holding is
 * timed, and sites are looked at, for samples: see lock_stat_probe.ts, which counts. A bounce is an acquisition, or a
 * contention, of a lock whose last owner was another CPU.
 *
 * @linux kernel/locking/lockdep.c lock_stats(), Documentation/locking/lockstat.txt v3.17
 */
import { type Bins, HISTOGRAM_BINS } from '../../arch/sab/histogram.ts';
import { LOCK_CLASS_COUNT, lockClassName } from './classes.ts';
import { HOLDER, readSites, WAITER } from './contention_sites.ts';
import {
  ACQ_BOUNCES,
  acquisitionsOf,
  CON_BOUNCES,
  CONTENTIONS,
  classSamplingOf,
  HOLD_MIN,
  HOLD_SAMPLES,
  holdHistogramOf,
  type LockStatBuffers,
  OTHER_SITES,
  rowOf,
  SITE_LAST,
  SITE_PASSED,
  usedBins,
  WAIT_MIN,
  waitHistogramOf,
} from './lock_stat_buffers.ts';

/** A site, and how often it waited or was waited for. */
export type SiteCount = readonly [site: string, count: number];

/** One lock class, summed over CPUs. Times in ns; a minimum is 0 where nothing was timed. */
export interface LockStat {
  readonly class: string;
  readonly conBounces: number;
  readonly contentions: number;
  readonly waitMin: number;
  readonly waitMax: number;
  readonly waitTotal: number;
  readonly acqBounces: number;
  readonly acquisitions: number;
  readonly holdMin: number;
  readonly holdMax: number;
  /** Acquisitions whose hold was timed. */
  readonly holdSamples: number;
  /** Of these. */
  readonly holdTotal: number;
  readonly wait: Bins;
  readonly hold: Bins;
  /** Who waited, most often first; their counts add up to the contentions. */
  readonly waiters: readonly SiteCount[];
  /** Who held it while somebody waited, most often first. Not every question is answered: these add up to less. */
  readonly holders: readonly SiteCount[];
}

/** Where contentions are counted whose site found no room in the table of its CPU. */
export const OTHER_SITES_NAME = 'other places';

type SiteCounts = Map<string, number>;
const addTo = (counts: SiteCounts, site: string, count: number): void => {
  if (count > 0) counts.set(site, (counts.get(site) ?? 0) + count);
};
const mostFirst = (counts: SiteCounts | undefined): SiteCount[] => [...(counts ?? [])].sort((a, b) => b[1] - a[1]);

/** Counts by site; element 2 x class + kind. */
function sumSites(from: LockStatBuffers): SiteCounts[] {
  const sums = Array.from({ length: 2 * LOCK_CLASS_COUNT }, (): SiteCounts => new Map());
  for (let cpu = 0; cpu < from.cpus; cpu++) {
    const sites = readSites(from.sites, cpu);
    for (const { cls, kind, count, text } of sites) addTo(sums[2 * cls + kind] as SiteCounts, text, count);
    for (let cls = 0; cls < LOCK_CLASS_COUNT; cls++) {
      const waiters = sums[2 * cls + WAITER] as SiteCounts;
      for (const kind of [WAITER, HOLDER]) {
        const count = from.counters[rowOf(cpu, cls) + OTHER_SITES + kind] as number;
        addTo(sums[2 * cls + kind] as SiteCounts, OTHER_SITES_NAME, count);
      }
      // Those since the last sample are counted with it: whoever waited last is who waits most likely.
      const sampling = classSamplingOf(cpu, cls);
      const last = sites[(from.sampling[sampling + SITE_LAST] as number) - 1];
      addTo(waiters, last?.text ?? OTHER_SITES_NAME, from.sampling[sampling + SITE_PASSED] as number);
    }
  }
  return sums;
}

const sums = new Float64Array(HISTOGRAM_BINS);

/** Adds up the histograms that begin at `bases`; the least of each one's times stands at its element of `mins`. */
function sumHistograms({ counters, histograms }: LockStatBuffers, bases: number[], mins: number[]): number[] {
  let least = HISTOGRAM_BINS;
  let behind = 0;
  for (const [i, base] of bases.entries()) {
    const [first, end] = usedBins(counters, mins[i] as number);
    if (first === end) continue;
    for (let bin = first; bin < end; bin++) sums[bin] = (sums[bin] as number) + (histograms[base + bin] as number);
    least = Math.min(least, first);
    behind = Math.max(behind, end);
  }
  const bins: number[] = [];
  for (let bin = least; bin < behind; bin++) {
    const count = sums[bin] as number;
    if (count !== 0) bins.push(bin, count);
    sums[bin] = 0;
  }
  return bins;
}

/** The CPUs that have used a class. */
function usersOf(from: LockStatBuffers, cls: number): number[] {
  const users: number[] = [];
  for (let cpu = 0; cpu < from.cpus; cpu++) {
    const contentions = from.counters[rowOf(cpu, cls) + CONTENTIONS] as number;
    if (contentions > 0 || acquisitionsOf(from, cpu, cls) > 0) users.push(cpu);
  }
  return users;
}

function readClass(from: LockStatBuffers, cls: number, sites: readonly SiteCounts[]): LockStat | null {
  const cpus = usersOf(from, cls);
  if (cpus.length === 0) return null;
  const indexes = (column: number): number[] => cpus.map((cpu) => rowOf(cpu, cls) + column);
  const each = (column: number): number[] => indexes(column).map((index) => from.counters[index] as number);
  const sum = (column: number): number => each(column).reduce((a, b) => a + b, 0);
  const max = (column: number): number => Math.max(...each(column));
  const min = (column: number): number => each(column).reduce((a, b) => (a === 0 || (b > 0 && b < a) ? b : a), 0);
  return {
    class: lockClassName(cls),
    conBounces: sum(CON_BOUNCES),
    contentions: sum(CONTENTIONS),
    waitMin: min(WAIT_MIN),
    waitMax: max(WAIT_MIN + 1),
    waitTotal: sum(WAIT_MIN + 2),
    acqBounces: sum(ACQ_BOUNCES),
    acquisitions: cpus.reduce((total, cpu) => total + acquisitionsOf(from, cpu, cls), 0),
    holdMin: min(HOLD_MIN),
    holdMax: max(HOLD_MIN + 1),
    holdSamples: sum(HOLD_SAMPLES),
    holdTotal: sum(HOLD_MIN + 2),
    wait: sumHistograms(
      from,
      cpus.map((cpu) => waitHistogramOf(cpu, cls)),
      indexes(WAIT_MIN),
    ),
    hold: sumHistograms(
      from,
      cpus.map((cpu) => holdHistogramOf(cpu, cls)),
      indexes(HOLD_MIN),
    ),
    waiters: mostFirst(sites[2 * cls + WAITER]),
    holders: mostFirst(sites[2 * cls + HOLDER]),
  };
}

/** The classes that were used since the last clearLockStat(), most contended first. At any moment, from any thread. */
export function readLockStat(from: LockStatBuffers): LockStat[] {
  const sites = sumSites(from);
  const rows: LockStat[] = [];
  for (let cls = 0; cls < LOCK_CLASS_COUNT; cls++) {
    const row = readClass(from, cls, sites);
    if (row !== null) rows.push(row);
  }
  return rows.sort((a, b) => b.contentions - a.contentions || b.acquisitions - a.acquisitions);
}
