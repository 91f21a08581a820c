// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from 'vitest';
import { makeBench } from './bench.test-data.ts';
import { toBenchMarkdown, toBenchText } from './bench_text.ts';
import { compareBenches } from './compare.ts';

const plain = { color: false, width: 160 };
const exact = makeBench({ noise: 0 });

test('a table has a row for each contestant and a column for each width', () => {
  const lines = toBenchText(exact, plain).split('\n');
  const at = lines.indexOf('Locks: lock, unlock');
  expect(lines[at + 1]?.trim().split(/ {2,}/)).toEqual(['1 thread', '2 threads', '16 threads']);
  const row = lines.slice(at).find((line) => line.includes('spin_lock'));
  expect(row?.trim().split(/ {2,}/)).toEqual(['spin_lock', ...Array(3).fill('20.0 ns 0.25x ±0%')]);
  expect(lines.slice(at).find((line) => line.includes('Atomics.Mutex'))).toMatch(/- +- +-$/);
  expect(lines).toContain('  Not measured: Atomics.Mutex, this engine has none.');
});

test('targets stand with what was measured, and what it comes to', () => {
  const text = toBenchText(exact, plain);
  expect(text).toMatch(
    /one context for 8 threads; of C +0\.5x +0\.8x +1x +0\.333x ±0% +missed by 2\.40x, below the floor/,
  );
  expect(text).toMatch(/\n\d of 10 measured targets met\.\n$/);
});

test('doubtful figures have a mark, others do not', () => {
  expect(toBenchText(makeBench({ foreign: () => 1 }), plain)).toContain('±0% !'.slice(-2));
  expect(toBenchText(exact, plain)).not.toMatch(/% !/);
});

test('without the C programs there are no ratios, and it is said why', () => {
  const groups = exact.groups.map((group) => ({
    ...group,
    contestants: group.contestants.map((one) => ({
      ...one,
      ratio: null,
      ...(one.ours ? {} : { absent: 'there is no gcc', value: null, samples: [] }),
    })),
  }));
  const text = toBenchText({ ...exact, groups }, plain);
  expect(text).toContain('Not measured: C futex mutex, there is no gcc.');
  expect(text).toContain('So there are no ratios.');
});

test('an interrupted benchmark, and one that broke, say so', () => {
  expect(toBenchText({ ...exact, interrupted: true }, plain)).toContain('It was interrupted');
  expect(toBenchText({ ...exact, failure: 'Error: lost\n  at x' }, plain)).toContain('It broke: Error: lost. What');
  const nothing = { ...exact, groups: [], targets: [], interrupted: true };
  expect(toBenchText(nothing, plain)).toContain('No target was measured.');
  expect(toBenchText(nothing, plain)).not.toMatch(/NaN|undefined|Infinity/);
});

test('the Markdown has one title, every table, and the comparison', () => {
  const bench = { ...exact, comparison: compareBenches(makeBench(), exact) };
  const text = toBenchMarkdown(bench);
  expect(text.match(/^# /gm)).toHaveLength(1);
  expect(text.match(/^## .*/gm)).toEqual([
    '## Locks',
    '## Fairness of locks',
    '## The port',
    '## Latency against CPUs',
    '## Memory',
    '## Comparison',
    '## How it was measured',
  ]);
  expect(text).toContain('**no difference**');
  expect(text).toContain('| spin_lock | 20.0 ns 0.25x ±0% |');
  expect(toBenchText(bench, plain)).toMatch(/\nno difference\n$/);
});
