// SPDX-License-Identifier: GPL-2.0-only
/** locks.csv: the lock table for a spreadsheet or a script, a class a row; times are whole ns. */
import { stringify } from 'csv-stringify/sync';
import type { ContentionPoint, Distribution, Lock, Run } from '../../result/run_result.ts';

type Cell = string | number | null;

/** A distribution's figures; of nothing timed only that it was nothing. */
function figures(name: 'wait' | 'hold', pick: (lock: Lock) => Distribution, total: (lock: Lock) => number) {
  const of = (figure: (times: Distribution) => number) => (lock: Lock) =>
    pick(lock).samples === 0 ? null : Math.round(figure(pick(lock)));
  return {
    [`${name}_samples`]: (lock: Lock) => pick(lock).samples,
    [`${name}_min_ns`]: of((times) => times.min),
    [`${name}_mean_ns`]: of((times) => times.mean),
    [`${name}_p50_ns`]: of((times) => times.p50),
    [`${name}_p90_ns`]: of((times) => times.p90),
    [`${name}_p99_ns`]: of((times) => times.p99),
    [`${name}_p99.9_ns`]: of((times) => times.p999),
    [`${name}_max_ns`]: of((times) => times.max),
    [`${name}_total_ns`]: (lock: Lock) => (pick(lock).samples === 0 ? null : Math.round(total(lock))),
  };
}

const most = (points: readonly ContentionPoint[], what: keyof ContentionPoint): Cell => points[0]?.[what] ?? null;

const COLUMNS: Readonly<Record<string, (lock: Lock) => Cell>> = {
  class: (lock) => lock.class,
  con_bounces: (lock) => lock.conBounces,
  contentions: (lock) => lock.contentions,
  acq_bounces: (lock) => lock.acqBounces,
  acquisitions: (lock) => lock.acquisitions,
  ...figures(
    'wait',
    (lock) => lock.wait,
    (lock) => lock.waitTotal,
  ),
  ...figures(
    'hold',
    (lock) => lock.hold,
    (lock) => lock.holdTotal,
  ),
  waited_most_in: (lock) => most(lock.waiters, 'site'),
  waited_most_count: (lock) => most(lock.waiters, 'count'),
  held_most_in: (lock) => most(lock.holders, 'site'),
  held_most_count: (lock) => most(lock.holders, 'count'),
};

export const CSV_COLUMNS = Object.keys(COLUMNS);

export const toCsv = ({ result }: Run): string =>
  stringify(
    result.locks.map((lock) => Object.values(COLUMNS).map((cell) => cell(lock))),
    { header: true, columns: CSV_COLUMNS },
  );
