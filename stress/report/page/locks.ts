// SPDX-License-Identifier: GPL-2.0-only
/** The lock classes with the columns of /proc/lock_stat; each opens to its distributions and its sites. */
import { html, type Markup } from '../../html/markup.ts';
import { absent, type Section } from '../../html/section.ts';
import { type Column, table } from '../../html/table.ts';
import type { Distribution, Lock, RunResult } from '../../result/run_result.ts';
import { count } from '../../text/layout.ts';
import { duration } from '../../text/units.ts';
import { measuredOn } from '../parts/measured.ts';
import { lockDetails } from './lock_details.ts';

const number = (head: string, pick: (lock: Lock) => number, title: string): Column<Lock> => ({
  head,
  cell: (lock) => count(pick(lock)),
  value: pick,
  title,
});

/** A time; what has no sample has none. */
const time = (
  head: string,
  of: (lock: Lock) => Distribution,
  pick: (lock: Lock) => number,
  title: string,
): Column<Lock> => ({
  // the group's head does not reach a button that is come upon by itself
  head: html`<span class="unseen">${title.replace(/-.*/, '')} </span>${head}`,
  cell: (lock) => (of(lock).samples === 0 ? html`<span class="faint">–</span>` : duration(pick(lock))),
  value: (lock) => (of(lock).samples === 0 ? -1 : pick(lock)),
  title,
});

const wait = (lock: Lock): Distribution => lock.wait;
const hold = (lock: Lock): Distribution => lock.hold;

const COLUMNS: readonly Column<Lock>[] = [
  { head: 'class', cell: (lock) => lock.class, value: (lock) => lock.class, align: 'left', heading: true },
  number('con-bounces', (lock) => lock.conBounces, 'contentions for a lock whose last owner was another CPU'),
  number('contentions', (lock) => lock.contentions, 'acquisitions that had to wait'),
  time('min', wait, (lock) => lock.wait.min, 'waittime-min'),
  time('max', wait, (lock) => lock.wait.max, 'waittime-max'),
  time('total', wait, (lock) => lock.waitTotal, 'waittime-total'),
  time('avg', wait, (lock) => lock.wait.mean, 'waittime-avg'),
  number('acq-bounces', (lock) => lock.acqBounces, 'acquisitions of a lock whose last owner was another CPU'),
  number('acquisitions', (lock) => lock.acquisitions, 'all acquisitions'),
  time('min', hold, (lock) => lock.hold.min, 'holdtime-min'),
  time('max', hold, (lock) => lock.hold.max, 'holdtime-max'),
  time('total', hold, (lock) => lock.holdTotal, 'holdtime-total'),
  time('avg', hold, (lock) => lock.hold.mean, 'holdtime-avg'),
];
const GROUPS = [
  { head: '', span: 3 },
  { head: 'time waited', span: 4 },
  { head: '', span: 2 },
  { head: 'time held', span: 4 },
];
const CONTENTIONS = 2;

function lockTable(locks: readonly Lock[]): Markup {
  const rows = locks
    .map((lock, index) => ({ lock, index }))
    .sort((a, b) => b.lock.contentions - a.lock.contentions || b.lock.acquisitions - a.lock.acquisitions);
  return table({
    id: 'lock-table',
    className: 'locks',
    caption: 'Lock classes, most contended first; a head sorts, a class opens.',
    groups: GROUPS,
    sorted: CONTENTIONS,
    rows,
    columns: COLUMNS.map(({ cell, value, ...column }) => ({
      ...column,
      cell: (row: (typeof rows)[number], i: number) => cell(row.lock, i),
      value: (row: (typeof rows)[number]) => value?.(row.lock) ?? '',
    })),
    more: ({ lock, index }) => lockDetails(lock, index),
  });
}

export function locks(result: RunResult): Section {
  const contended = result.locks.filter((lock) => lock.contentions > 0).length;
  return {
    id: 'locks',
    title: 'Lock contention',
    lead:
      result.locks.length === 0
        ? null
        : `${contended} of ${result.locks.length} lock classes were contended. ${measuredOn(result)} ` +
          'Hold times are sampled and their total is scaled up; wait times are not.',
    body: result.locks.length === 0 ? absent('No lock was measured.') : lockTable(result.locks),
  };
}
