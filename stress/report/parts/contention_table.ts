// SPDX-License-Identifier: GPL-2.0-only
/** The most contended lock classes; lock_stat.txt has them all. */
import type { Distribution, Lock } from '../../result/run_result.ts';
import { count, us } from '../../text/layout.ts';
import { type Column, fittingColumns, tableLines } from '../../text/table.ts';

const SHOWN = 10;

/** A figure of times that there were; what was never waited for has none. */
const timed = ({ samples }: Distribution, ns: number): string => (samples === 0 ? '-' : us(ns));

export const CONTENTION_COLUMNS: readonly Column<Lock>[] = [
  { head: 'class', cell: (lock) => lock.class, spare: 0 },
  { head: 'contentions', cell: (lock) => count(lock.contentions), spare: 0 },
  { head: 'con-\nbounces', cell: (lock) => count(lock.conBounces), spare: 4 },
  { head: 'wait-min\nus', cell: (lock) => timed(lock.wait, lock.wait.min), spare: 7 },
  { head: 'wait-max\nus', cell: (lock) => timed(lock.wait, lock.wait.max), spare: 2 },
  { head: 'wait-total\nus', cell: (lock) => timed(lock.wait, lock.waitTotal), spare: 5 },
  { head: 'wait-avg\nus', cell: (lock) => timed(lock.wait, lock.wait.mean), spare: 0 },
  { head: 'acq-\nbounces', cell: (lock) => count(lock.acqBounces), spare: 4 },
  { head: 'acquisitions', cell: (lock) => count(lock.acquisitions), spare: 1 },
  { head: 'hold-min\nus', cell: (lock) => timed(lock.hold, lock.hold.min), spare: 7 },
  { head: 'hold-max\nus', cell: (lock) => timed(lock.hold, lock.hold.max), spare: 3 },
  { head: 'hold-total\nus', cell: (lock) => timed(lock.hold, lock.holdTotal), spare: 6 },
  { head: 'hold-avg\nus', cell: (lock) => timed(lock.hold, lock.hold.mean), spare: 0 },
];

/** The classes that the tables show, most contended first. */
export const mostContended = (locks: readonly Lock[]): Lock[] =>
  [...locks].sort((a, b) => b.contentions - a.contentions || b.acquisitions - a.acquisitions).slice(0, SHOWN);

export function contentionTable(locks: readonly Lock[], width: number): string[] {
  const rows = mostContended(locks);
  const columns = fittingColumns(CONTENTION_COLUMNS, rows, width);
  return tableLines({
    head: columns.map((column) => column.head),
    rows: rows.map((row) => columns.map((column) => column.cell(row))),
    align: columns.map(() => 'right'),
    rule: true,
  });
}
