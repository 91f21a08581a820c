// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from 'vitest';
import type { LockStat } from '../../src/kernel/locking/lock_stat.ts';
import { fixture } from './fixture.test-data.ts';
import { toLockStat } from './lock_stat.ts';

/** Reads the file as scripts read the kernel's: the lines with a colon, split at spaces. */
function parse(text: string): Record<string, string | number>[] {
  const [version, , head = ''] = text.split('\n');
  if (version !== 'lock_stat version 0.4') throw new Error(`version ${version}`);
  const columns = head.trim().split(/\s+(?!name)/);
  return text
    .split('\n')
    .filter((line) => line.includes(':'))
    .map((line) => {
      const [name = '', rest = ''] = line.split(':');
      const cells = rest.trim().split(/\s+/).map(Number);
      return Object.fromEntries([
        ['class name', name.trim()],
        ...columns.slice(1).map((column, i) => [column, cells[i] ?? Number.NaN]),
      ]);
    });
}

const text = toLockStat(fixture.locks);
const lines = text.split('\n');

test('the head is the kernel’s, to the character', () => {
  const rule = '-'.repeat(221);
  expect(lines.slice(0, 5)).toEqual([
    'lock_stat version 0.4',
    rule,
    '                              class name    con-bounces    contentions   waittime-min   waittime-max ' +
      'waittime-total   waittime-avg    acq-bounces   acquisitions   holdtime-min   holdtime-max holdtime-total' +
      '   holdtime-avg',
    rule,
    '',
  ]);
});

test('a line of Documentation/locking/lockstat.txt comes out as it stands there', () => {
  const mmapSem: LockStat = {
    class: '&mm->mmap_sem-W',
    conBounces: 46,
    contentions: 84,
    waittimeMin: 260,
    waittimeMax: 939_100,
    waittimeTotal: 16_371_530,
    waittimeAvg: 194_900,
    acqBounces: 47_291,
    acquisitions: 2_922_365,
    holdtimeMin: 160,
    holdtimeMax: 2_220_301_690,
    holdtimeTotal: 17_464_026_916_320,
    holdtimeAvg: 5_975_990,
    holdSamples: 1,
  };
  expect(toLockStat([mmapSem]).split('\n')[5]).toBe(
    '                         &mm->mmap_sem-W:            46             84           0.26         939.10' +
      '       16371.53         194.90          47291        2922365           0.16     2220301.69 17464026916.32' +
      '        5975.99',
  );
});

test('it reads back', () => {
  const two = (ns: number): number => Number((Math.round(ns / 10) / 100).toFixed(2));
  expect(parse(text)).toEqual(
    fixture.locks.map((lock) => ({
      'class name': lock.class,
      'con-bounces': lock.conBounces,
      contentions: lock.contentions,
      'waittime-min': two(lock.waittimeMin),
      'waittime-max': two(lock.waittimeMax),
      'waittime-total': two(lock.waittimeTotal),
      'waittime-avg': two(lock.waittimeAvg),
      'acq-bounces': lock.acqBounces,
      acquisitions: lock.acquisitions,
      'holdtime-min': two(lock.holdtimeMin),
      'holdtime-max': two(lock.holdtimeMax),
      'holdtime-total': two(lock.holdtimeTotal),
      'holdtime-avg': two(lock.holdtimeAvg),
    })),
  );
});

test('columns stand below their names, with the colon between the name and the first', () => {
  const head = lines[2] as string;
  for (const line of lines.filter((one) => one.includes(':'))) {
    expect(line).toHaveLength(head.length);
    expect(line.indexOf(':')).toBe(40);
    for (let end = 55; end < line.length; end += 15) expect(line.charAt(end)).toBe(' ');
  }
});

test('a dotted rule stands behind each contended class and no other', () => {
  const rules = lines.flatMap((line, i) => (/^\.{221}$/.test(line) ? [i] : []));
  expect(rules).toHaveLength(fixture.locks.filter((lock) => lock.contentions > 0).length);
  for (const i of rules) expect([lines[i - 1], lines[i + 1]]).toEqual(['', '']);
});

test('a time is rounded as the kernel rounds it, to the nearest hundredth', () => {
  const [lock] = fixture.locks as [LockStat];
  const [row] = parse(toLockStat([{ ...lock, waittimeMin: 4, waittimeMax: 5, waittimeTotal: 999_995 }]));
  expect([row?.['waittime-min'], row?.['waittime-max'], row?.['waittime-total']]).toEqual([0, 0.01, 1000]);
});

test('no class, only the head', () => {
  expect(parse(toLockStat([]))).toEqual([]);
});
