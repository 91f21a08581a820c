// SPDX-License-Identifier: GPL-2.0-only
/**
 * lock_stat.txt: the lock classes as /proc/lock_stat 0.4 prints them, so that what reads the one reads the other.
 *
 * Contention points are not recorded, so the lines for them are absent. The dotted rule stands behind each class that
 * was contended, where the kernel ends the points of a class with it.
 *
 * @linux kernel/locking/lockdep_proc.c seq_header(), seq_stats() v3.17
 */
import type { Lock } from './result.ts';

const NAME_WIDTH = 40;
const WIDTH = 14;

export const LOCK_STAT_COLUMNS = [
  'con-bounces',
  'contentions',
  'waittime-min',
  'waittime-max',
  'waittime-total',
  'waittime-avg',
  'acq-bounces',
  'acquisitions',
  'holdtime-min',
  'holdtime-max',
  'holdtime-total',
  'holdtime-avg',
] as const;

const rule = (char: string): string => char.repeat(NAME_WIDTH + 1 + LOCK_STAT_COLUMNS.length * (WIDTH + 1));

/** us with two decimals, from ns */
const time = (ns: number): string => (Math.round(ns / 10) / 100).toFixed(2);
const whole = (n: number): string => String(Math.round(n));

function classLine(lock: Lock): string {
  const cells = [
    whole(lock.conBounces),
    whole(lock.contentions),
    time(lock.wait.min),
    time(lock.wait.max),
    time(lock.waitTotal),
    time(lock.wait.mean),
    whole(lock.acqBounces),
    whole(lock.acquisitions),
    time(lock.hold.min),
    time(lock.hold.max),
    time(lock.holdTotal),
    time(lock.hold.mean),
  ];
  return `${lock.class.padStart(NAME_WIDTH)}:${cells.map((cell) => cell.padStart(WIDTH)).join(' ')}`;
}

/** @returns the classes in the order given, which is the kernel's: most contended first */
export function toLockStat(locks: readonly Lock[]): string {
  const head = ['class name'.padStart(NAME_WIDTH), ...LOCK_STAT_COLUMNS.map((name) => name.padStart(WIDTH))].join(' ');
  const lines = ['lock_stat version 0.4', rule('-'), head, rule('-'), ''];
  for (const lock of locks) {
    lines.push(classLine(lock));
    if (lock.contentions > 0) lines.push('', rule('.'), '');
  }
  return `${lines.join('\n')}\n`;
}
