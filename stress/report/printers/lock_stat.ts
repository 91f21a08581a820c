// SPDX-License-Identifier: GPL-2.0-only
/**
 * lock_stat.txt: the lock classes as /proc/lock_stat 0.4 prints them, so that what reads the one reads the other.
 *
 * Below a class that was contended stand, behind a short rule each, the places that waited for it and those that held
 * it meanwhile. In brackets the kernel prints an instruction's address; here a line of the source stands there, and
 * without a colon: `grep :` finds the classes.
 *
 * @linux kernel/locking/lockdep_proc.c seq_header(), seq_stats() v3.17
 */
import type { ContentionPoint, Lock } from '../../result/run_result.ts';

const NAME_WIDTH = 40;
const WIDTH = 14;
/** Of the bracket; wider if a place is, so that the functions stand below each other. */
const PLACE_WIDTH = 29;
/** The kernel has room for so many characters of a name. */
const NAME_MAX = 37;
/** LOCKSTAT_POINTS */
const POINTS_MAX = 4;

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
const nameOf = (lock: Lock): string => lock.class.slice(0, NAME_MAX);

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
  return `${nameOf(lock).padStart(NAME_WIDTH)}:${cells.map((cell) => cell.padStart(WIDTH)).join(' ')}`;
}

/** `[<src/fs/aio/completion.ts#L45>]` and `aio_complete` of `aio_complete (src/fs/aio/completion.ts:45)`. */
function placeOf({ site }: ContentionPoint): { bracket: string; symbol: string } {
  const [, symbol = site, place = '?'] = /^(.*) \((.+)\)$/.exec(site) ?? [];
  return { bracket: `[<${place.replace(/:(?=\d+$)/, '#L')}>]`, symbol };
}

const pointsOf = (lock: Lock): ContentionPoint[][] =>
  [lock.waiters, lock.holders].map((points) => points.slice(0, POINTS_MAX)).filter((points) => points.length > 0);

function pointLines(lock: Lock, width: number): string[] {
  const name = nameOf(lock);
  return pointsOf(lock).flatMap((points) => [
    '-'.repeat(name.length).padStart(NAME_WIDTH),
    ...points.map((point) => {
      const { bracket, symbol } = placeOf(point);
      const count = whole(point.count).padStart(WIDTH);
      return `${name.padStart(NAME_WIDTH)} ${count} ${bracket.padStart(width)} ${symbol}`;
    }),
  ]);
}

/** @returns the classes in the order given, which is the kernel's: most contended first */
export function toLockStat(locks: readonly Lock[]): string {
  const head = ['class name'.padStart(NAME_WIDTH), ...LOCK_STAT_COLUMNS.map((name) => name.padStart(WIDTH))].join(' ');
  const lines = ['lock_stat version 0.4', rule('-'), head, rule('-'), ''];
  const brackets = locks.flatMap((lock) => pointsOf(lock).flat()).map((point) => placeOf(point).bracket.length);
  const width = Math.max(PLACE_WIDTH, ...brackets);
  for (const lock of locks) {
    lines.push(classLine(lock));
    if (lock.contentions > 0) lines.push(...pointLines(lock, width), '', rule('.'), '');
  }
  return `${lines.join('\n')}\n`;
}
