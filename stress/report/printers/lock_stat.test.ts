// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from 'vitest';
import { fixture } from '../../result/fixture.test-data.ts';
import type { ContentionPoint, Lock } from '../../result/run_result.ts';
import { toLockStat } from './lock_stat.ts';

interface Parsed {
  readonly row: Record<string, string | number>;
  readonly waiters: ContentionPoint[];
  readonly holders: ContentionPoint[];
}

/**
 * Reads the file by its description in Documentation/locking/lockstat.txt: a line with a colon behind the name is a
 * class, a short rule opens the places that wait and a second one those that hold, a dotted rule ends the class.
 */
function parse(text: string): Parsed[] {
  const [version, , head = '', , ...rest] = text.split('\n');
  if (version !== 'lock_stat version 0.4') throw new Error(`version ${version}`);
  const columns = head.trim().split(/\s+(?!name)/);
  const classes: Parsed[] = [];
  let rules = 0;
  for (const line of rest.filter((one) => one !== '')) {
    const point = /^ *(\S+) +(\d+) +\[<(.+)>\] (.+)$/.exec(line);
    const last = classes.at(-1);
    if (point !== null) {
      const [, name, count, place = '', symbol] = point;
      if (last === undefined || name !== last.row['class name']) throw new Error(`place of another class: ${line}`);
      const site = `${symbol} (${place.replace('#L', ':')})`;
      (rules === 1 ? last.waiters : last.holders).push({ count: Number(count), site });
    } else if (/^ *-+$/.test(line)) {
      rules++;
    } else if (/^\.+$/.test(line)) {
      rules = 0;
    } else {
      const [, name = '', cells = ''] = /^ *(.+?):(.+)$/.exec(line) ?? [];
      const numbers = cells.trim().split(/\s+/).map(Number);
      const row = Object.fromEntries(columns.slice(1).map((column, i) => [column, numbers[i] ?? Number.NaN]));
      classes.push({ row: { 'class name': name, ...row }, waiters: [], holders: [] });
      rules = 0;
    }
  }
  return classes;
}

const text = toLockStat(fixture.locks);
const lines = text.split('\n');
const [lock] = fixture.locks as [Lock, ...Lock[]];

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
  const mmapSem: Lock = {
    class: '&mm->mmap_sem-W',
    conBounces: 46,
    contentions: 84,
    acqBounces: 47_291,
    acquisitions: 2_922_365,
    wait: { ...lock.wait, min: 260, max: 939_100, mean: 194_900 },
    waitTotal: 16_371_530,
    hold: { ...lock.hold, min: 160, max: 2_220_301_690, mean: 5_975_990 },
    holdTotal: 17_464_026_916_320,
    waiters: [],
    holders: [],
  };
  expect(toLockStat([mmapSem]).split('\n')[5]).toBe(
    '                         &mm->mmap_sem-W:            46             84           0.26         939.10' +
      '       16371.53         194.90          47291        2922365           0.16     2220301.69 17464026916.32' +
      '        5975.99',
  );
});

test('the places of a class come out as they stand there, but for what is in the brackets', () => {
  const unixTable: Lock = {
    ...lock,
    class: 'unix_table_lock',
    waiters: [{ count: 45, site: 'unix_create1+0x16e/0x1b0 (ffffffff8150ad8e)' }],
    holders: [{ count: 39, site: 'unix_release_sock+0x31/0x250 (ffffffff8150b111)' }],
  };
  expect(toLockStat([unixTable]).split('\n').slice(6)).toEqual([
    '                         ---------------',
    '                         unix_table_lock             45          [<ffffffff8150ad8e>] unix_create1+0x16e/0x1b0',
    '                         ---------------',
    '                         unix_table_lock             39          [<ffffffff8150b111>] ' +
      'unix_release_sock+0x31/0x250',
    '',
    '.'.repeat(221),
    '',
    '',
  ]);
});

test('every number and every place reads back', () => {
  const two = (ns: number): number => Number((Math.round(ns / 10) / 100).toFixed(2));
  expect(parse(text)).toEqual(
    fixture.locks.map((one) => ({
      row: {
        'class name': one.class,
        'con-bounces': one.conBounces,
        contentions: one.contentions,
        'waittime-min': two(one.wait.min),
        'waittime-max': two(one.wait.max),
        'waittime-total': two(one.waitTotal),
        'waittime-avg': two(one.wait.mean),
        'acq-bounces': one.acqBounces,
        acquisitions: one.acquisitions,
        'holdtime-min': two(one.hold.min),
        'holdtime-max': two(one.hold.max),
        'holdtime-total': two(one.holdTotal),
        'holdtime-avg': two(one.hold.mean),
      },
      waiters: one.waiters,
      holders: one.holders,
    })),
  );
});

test('columns stand below their names, with the colon between the name and the first', () => {
  const head = lines[2] as string;
  const rows = lines.filter((one) => one.charAt(40) === ':');
  expect(rows).toHaveLength(fixture.locks.length);
  for (const line of rows) {
    expect(line).toHaveLength(head.length);
    for (let end = 55; end < line.length; end += 15) expect(line.charAt(end)).toBe(' ');
  }
});

test('`grep :` gives the classes and nothing else, as it does with the kernel’s file', () => {
  const found = lines.filter((line) => line.includes(':')).map((line) => line.split(':')[0]?.trim());
  expect(found).toEqual(fixture.locks.map((one) => one.class));
});

test('functions stand below each other, however long the places are', () => {
  const places = lines.filter((line) => line.includes('[<'));
  expect(new Set(places.map((line) => line.indexOf('>] ')))).toHaveProperty('size', 1);
});

test('four places of each kind at most', () => {
  const many = Array.from({ length: 9 }, (_, i) => ({ count: 9 - i, site: `f${i} (src/a.ts:${i + 1})` }));
  const [parsed] = parse(toLockStat([{ ...lock, waiters: many, holders: many }]));
  expect([parsed?.waiters, parsed?.holders]).toEqual([many.slice(0, 4), many.slice(0, 4)]);
});

test('a dotted rule stands behind each contended class and no other', () => {
  const rules = lines.flatMap((line, i) => (/^\.{221}$/.test(line) ? [i] : []));
  expect(rules).toHaveLength(fixture.locks.filter((one) => one.contentions > 0).length);
  for (const i of rules) expect([lines[i - 1], lines[i + 1]]).toEqual(['', '']);
});

test('a time is rounded as the kernel rounds it, to the nearest hundredth', () => {
  const [parsed] = parse(toLockStat([{ ...lock, wait: { ...lock.wait, min: 4, max: 5 }, waitTotal: 999_995 }]));
  const { row } = parsed as Parsed;
  expect([row['waittime-min'], row['waittime-max'], row['waittime-total']]).toEqual([0, 0.01, 1000]);
});

test('a name is cut where the kernel cuts it', () => {
  const [line] = toLockStat([{ ...lock, class: 'x'.repeat(60) }])
    .split('\n')
    .slice(5);
  expect(line?.split(':')[0]).toBe(`   ${'x'.repeat(37)}`);
});

test('no class, only the head', () => {
  expect(parse(toLockStat([]))).toEqual([]);
});
