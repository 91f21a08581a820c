// SPDX-License-Identifier: GPL-2.0-only
/** reports/README.md explains every field and column that there is. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fixture } from '../result/fixture.test-data.ts';
import { VERDICTS } from '../result/run_result.ts';
import { DETECTION_COLUMNS } from './parts/detection_text.ts';
import { latencyColumns } from './parts/latency_table.ts';
import { LOCK_SITE_COLUMNS, LOCK_TIME_COLUMNS } from './parts/lock_times.ts';
import { MERGED_COLUMNS } from './parts/merged_table.ts';
import { OUTCOME_HEAD } from './parts/outcome_table.ts';
import { CSV_COLUMNS } from './printers/csv.ts';
import { LOCK_STAT_COLUMNS } from './printers/lock_stat.ts';
import { REPORTERS } from './reporters.ts';

const readme = readFileSync(new URL('../../reports/README.md', import.meta.url), 'utf8');

/** Records whose keys are data, not fields. */
const BY_NAME = ['operations', 'goals', 'latency', 'roles'];

/** Names of all fields below a value. */
function fieldsOf(value: unknown, byName = false): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => fieldsOf(item));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => [
    ...(byName ? [] : [key]),
    ...fieldsOf(item, !byName && BY_NAME.includes(key)),
  ]);
}

/** What stands in code spans, a line each. */
const spans = readme
  .split('\n')
  .flatMap((line) => [...line.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text))
  .join('\n');

test('every field of report.json', () => {
  const shard = { index: 1, of: 2 };
  const { environment } = fixture;
  const merged = [{ folder: 'shard-1', seed: 42, shard, verdict: 'passed', environment }];
  const fields = [...new Set(fieldsOf({ ...fixture, merged }))];
  expect(fields.length).toBeGreaterThan(110);
  expect(fields.filter((field) => !new RegExp(`\\b${field}\\b`).test(spans))).toEqual([]);
});

test('every column and every verdict', () => {
  const words = [
    ...OUTCOME_HEAD,
    ...LOCK_STAT_COLUMNS,
    ...latencyColumns('syscall').map((column) => column.head),
    ...[...LOCK_TIME_COLUMNS, ...LOCK_SITE_COLUMNS, ...DETECTION_COLUMNS, ...MERGED_COLUMNS].map(
      (column) => column.head,
    ),
    ...CSV_COLUMNS,
    ...Object.keys(VERDICTS),
  ];
  expect(words.filter((word) => !readme.includes(word))).toEqual([]);
});

test('every reporter and its file', () => {
  for (const [name, { file }] of Object.entries(REPORTERS)) {
    expect(readme).toMatch(new RegExp(`^\\| \`${name}\` \\| \`${file.replace('.', '\\.')}\``, 'm'));
  }
});

test('every label of a scenario', () => {
  for (const label of ['OK', 'SURFACED', 'NOT SURFACED', 'FAILED', 'VACUOUS', 'NOT RUN']) {
    expect(readme).toContain(`| ${label} |`);
  }
});
