// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from 'vitest';
import { fixture, run } from '../../result/fixture.test-data.ts';
import { CSV_COLUMNS, toCsv } from './csv.ts';

const rows = (text: string): string[][] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','));

test('a row for each class, with as many cells as the head', () => {
  const [head, ...classes] = rows(toCsv(run));
  expect(head).toEqual(CSV_COLUMNS);
  expect(classes.map(([name]) => name)).toEqual(fixture.locks.map((lock) => lock.class));
  for (const cells of classes) expect(cells).toHaveLength(CSV_COLUMNS.length);
});

test('numbers stand below their names, in ns, with their sample counts', () => {
  const [head = [], cells = []] = rows(toCsv(run));
  const row = Object.fromEntries(head.map((name, i) => [name, cells[i]]));
  const [lock] = fixture.locks;
  expect(row).toMatchObject({
    contentions: '81234',
    wait_samples: String(lock?.wait.samples),
    'wait_p99.9_ns': String(lock?.wait.p999),
    hold_max_ns: '2220301690',
    hold_samples: String(lock?.hold.samples),
    waited_most_in: 'aio_complete (src/fs/aio/completion.ts:45)',
    waited_most_count: '64988',
  });
});

test('what was not measured is empty, not 0', () => {
  const [head = [], ...classes] = rows(toCsv(run));
  const tree = classes.find(([name]) => name === 'tree_lock') ?? [];
  const empty = head.filter((_, i) => tree[i] === '');
  expect(empty.filter((name) => name.startsWith('wait_'))).toHaveLength(8);
  expect(empty.filter((name) => name.startsWith('hold_'))).toEqual([]);
  expect(tree[head.indexOf('contentions')]).toBe('0');
});

test('a name with a comma or a quote stays one cell', () => {
  const [lock] = fixture.locks;
  const text = toCsv({ ...run, result: { ...fixture, locks: [{ ...lock!, class: 'a,"b"' }] } });
  expect(text.split('\n')[1]).toMatch(/^"a,""b""",/);
});
