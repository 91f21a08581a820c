// SPDX-License-Identifier: GPL-2.0-only
/** The figures that a threshold may name, and how each is read from a result. */
import { LOCK_CLASSES } from '../../src/kernel/locking/classes.ts';
import { REVERTIBLE } from '../../src/reverts/registry.ts';
import { percentileOf } from '../result/distribution.ts';
import type { Distribution, RunResult } from '../result/run_result.ts';

/** Times are ns, rates are per second, shares are percent. */
export type Kind = 'time' | 'rate' | 'share' | 'count';

/** A figure in its kind's own unit, or why there is none: a clause. */
export type Measured = { readonly value: number } | { readonly missing: string };

export interface Metric {
  /** Words with dots between; one in capitals stands for NAMES. */
  readonly form: string;
  readonly kind: Kind;
  /** @param names - what stands for the words in capitals */
  readonly read: (result: RunResult, names: readonly string[]) => Measured;
}

/** The system calls that are timed. */
export const SYSCALLS = ['io_submit', 'io_setup', 'io_destroy', 'io_cancel', 'io_getevents'] as const;

const COUNTS: Readonly<Record<string, 'contentions' | 'acquisitions' | 'conBounces' | 'acqBounces'>> = {
  contentions: 'contentions',
  acquisitions: 'acquisitions',
  con_bounces: 'conBounces',
  acq_bounces: 'acqBounces',
};
const QUANTILES: Readonly<Record<string, 'p50Ms' | 'p95Ms' | 'p99Ms'>> = { p50: 'p50Ms', p95: 'p95Ms', p99: 'p99Ms' };
const STATS: Readonly<Record<string, 'min' | 'p50' | 'p90' | 'p99' | 'p999' | 'max' | 'mean'>> = {
  p99: 'p99',
  p50: 'p50',
  p90: 'p90',
  'p99.9': 'p999',
  min: 'min',
  max: 'max',
  avg: 'mean',
};

/** The usual one first. */
export const NAMES: Readonly<Record<string, readonly string[]>> = {
  CLASS: LOCK_CLASSES,
  TIMES: ['wait', 'hold'],
  COUNT: Object.keys(COUNTS),
  STAT: [...Object.keys(STATS), 'total'],
  SYSCALL: SYSCALLS,
  SLUG: REVERTIBLE,
  FOUND: ['unexpected', 'known'],
  QUANTILE: Object.keys(QUANTILES),
};

/** `pNN[.N]` as percent; null for anything else. p999 is short for p99.9. */
export function percentOf(name: string): number | null {
  const [, digits] = /^p(\d{1,2}(?:\.\d{1,4})?)$/.exec(name.replace(/^p999$/, 'p99.9')) ?? [];
  return digits === undefined || Number(digits) === 0 ? null : Number(digits);
}

/** @param total - ns of all together, of which the samples may be a part @param missing - what to say of no samples */
function stat(times: Distribution | undefined, total: number | undefined, name = '', missing = ''): Measured {
  if (times === undefined || times.samples === 0) return { missing };
  if (name === 'total') return { value: total ?? times.mean * times.samples };
  const field = STATS[name.replace(/^p999$/, 'p99.9')];
  if (field !== undefined) return { value: times[field] };
  // a bin's middle may lie outside of what was really seen
  const percentile = percentileOf(times.histogram, percentOf(name) ?? Number.NaN);
  return { value: Math.min(times.max, Math.max(times.min, percentile)) };
}

type Lock = RunResult['locks'][number];

const ofLock =
  (read: (lock: Lock, name: string) => number): Metric['read'] =>
  ({ locks }, [cls, name = '']) => {
    const lock = locks.find((one) => one.class === cls);
    const taken = lock !== undefined && lock.acquisitions > 0;
    return taken ? { value: read(lock, name) } : { missing: 'it was never taken' };
  };

const ofRounds =
  (read: (result: RunResult) => number): Metric['read'] =>
  (result) =>
    result.scenarios.some(({ rounds }) => rounds > 0) ? { value: read(result) } : { missing: 'no round was run' };

/** @returns ns in the scenario that shows the race soonest */
function detection({ scenarios }: RunResult, [slug, quantile = '']: readonly string[]): Measured {
  const tried = scenarios.filter(({ build }) => build.reverted.length === 1 && build.reverted[0] === slug);
  const field = QUANTILES[quantile] ?? 'p95Ms';
  const ms = tried.flatMap((scenario) => scenario.detection?.[field] ?? []);
  if (ms.length > 0) return { value: Math.min(...ms) * 1e6 };
  return { missing: tried.length === 0 ? 'no build without that fix alone was run' : 'its race never showed' };
}

export const METRICS: readonly Metric[] = [
  {
    form: 'locks.CLASS.TIMES.STAT',
    kind: 'time',
    read: ({ locks }, [cls, times, name]) => {
      const lock = locks.find((one) => one.class === cls);
      if (times === 'hold') return stat(lock?.hold, lock?.holdTotal, name, 'no hold of it was timed');
      return stat(lock?.wait, lock?.waitTotal, name, 'nobody waited for it');
    },
  },
  { form: 'locks.CLASS.COUNT', kind: 'count', read: ofLock((lock, name) => lock[COUNTS[name] ?? 'contentions']) },
  {
    form: 'locks.CLASS.contended',
    kind: 'share',
    read: ofLock(({ contentions, acquisitions }) => (100 * contentions) / acquisitions),
  },
  {
    form: 'latency.SYSCALL.STAT',
    kind: 'time',
    read: ({ latency }, [call = '', name]) => stat(latency[call], undefined, name, 'no such call was timed'),
  },
  { form: 'throughput.events', kind: 'rate', read: ofRounds(({ throughput }) => throughput.eventsPerSecond) },
  { form: 'detection.SLUG.QUANTILE', kind: 'time', read: detection },
  {
    form: 'findings.FOUND',
    kind: 'count',
    read: (result, [which]) => {
      const all = result.scenarios.flatMap(({ findings }) => findings);
      const unexpected = all.filter(({ known, expected }) => known === null && !expected);
      const known = all.filter((finding) => finding.known !== null);
      return ofRounds(() => (which === 'known' ? known : unexpected).length)(result, []);
    },
  },
  { form: 'events', kind: 'count', read: ofRounds(({ throughput }) => throughput.events) },
  {
    form: 'rounds',
    kind: 'count',
    read: ofRounds(({ scenarios }) => scenarios.reduce((sum, { rounds }) => sum + rounds, 0)),
  },
];
