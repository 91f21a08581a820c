// SPDX-License-Identifier: GPL-2.0-only
/** What lock_stat does not say of a lock class: percentiles, and where it was waited for and held most often. */
import type { ContentionPoint, Lock } from '../../result/run_result.ts';
import { count, frequency } from '../../text/layout.ts';
import { percentile } from './percentiles.ts';

interface TextColumn {
  readonly head: string;
  readonly cell: (lock: Lock) => string;
}

const times = (what: 'wait' | 'hold'): TextColumn[] => [
  { head: `${what} samples`, cell: (lock) => count(lock[what].samples) },
  { head: `${what} p50 us`, cell: (lock) => percentile(lock[what], 'p50') },
  { head: `${what} p90 us`, cell: (lock) => percentile(lock[what], 'p90') },
  { head: `${what} p99 us`, cell: (lock) => percentile(lock[what], 'p99') },
  { head: `${what} p99.9 us`, cell: (lock) => percentile(lock[what], 'p999') },
];

export const LOCK_TIME_COLUMNS: readonly TextColumn[] = [
  { head: 'class', cell: (lock) => lock.class },
  ...times('wait'),
  ...times('hold'),
];

/** `aio_complete (src/fs/aio/completion.ts:45), 80.00%` */
function most(points: readonly ContentionPoint[]): string {
  const [first] = points;
  if (first === undefined) return '-';
  const all = points.reduce((sum, point) => sum + point.count, 0);
  return `${first.site}, ${frequency(first.count, all)}`;
}

export const LOCK_SITE_COLUMNS: readonly TextColumn[] = [
  { head: 'class', cell: (lock) => lock.class },
  { head: 'waited for most often in', cell: (lock) => most(lock.waiters) },
  { head: 'held most often meanwhile in', cell: (lock) => most(lock.holders) },
  { head: 'contentions', cell: (lock) => count(lock.contentions) },
];
