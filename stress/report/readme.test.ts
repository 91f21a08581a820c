// SPDX-License-Identifier: GPL-2.0-only
/** reports/README.md explains every field and column that there is. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fixture } from './fixture.test-data.ts';
import { LATENCY_COLUMNS } from './latency_table.ts';
import { LOCK_STAT_COLUMNS } from './lock_stat.ts';
import { OUTCOME_HEAD } from './outcome_table.ts';
import { VERDICTS } from './result.ts';

const readme = readFileSync(new URL('../../reports/README.md', import.meta.url), 'utf8');

/** Records whose keys are data, not fields. */
const BY_NAME = ['operations', 'goals', 'latency'];

/** Names of all fields below a value. */
function fieldsOf(value: unknown, byName = false): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => fieldsOf(item));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => [
    ...(byName ? [] : [key]),
    ...fieldsOf(item, !byName && BY_NAME.includes(key)),
  ]);
}

test('every field of report.json', () => {
  const fields = [...new Set(fieldsOf(fixture))];
  expect(fields.length).toBeGreaterThan(70);
  expect(fields.filter((field) => !new RegExp(`\`[^\`]*\\b${field}\\b[^\`]*\``).test(readme))).toEqual([]);
});

test('every column and every verdict', () => {
  const words = [
    ...OUTCOME_HEAD,
    ...LOCK_STAT_COLUMNS,
    ...LATENCY_COLUMNS.map((column) => column.head),
    ...Object.keys(VERDICTS),
  ];
  expect(words.filter((word) => !readme.includes(word))).toEqual([]);
});

test('every label of a scenario', () => {
  for (const label of ['OK', 'SURFACED', 'NOT SURFACED', 'FAILED', 'VACUOUS', 'NOT RUN']) {
    expect(readme).toContain(`| ${label} |`);
  }
});
