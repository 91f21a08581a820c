// SPDX-License-Identifier: GPL-2.0-only
/** reports/README.md explains every field of bench.json, every part and every target's status. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeBench } from './bench.test-data.ts';
import { PARTS } from './bench_result.ts';
import { compareBenches } from './compare.ts';

const readme = readFileSync(new URL('../../reports/README.md', import.meta.url), 'utf8');
const own = /\n## Benchmarks\n([\s\S]*?)\n## /.exec(readme)?.[1] ?? '';
/** What stands in code spans, a line each. */
const spans = [...own.matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text).join('\n');

/** Names of all fields below a value; those of a comparison's figures and of the environment stand elsewhere. */
function fieldsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(fieldsOf);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => [
    key,
    ...(key === 'figures' || key === 'environment' ? [] : fieldsOf(item)),
  ]);
}

test('every field of bench.json', () => {
  const bench = makeBench();
  const other = { ...makeBench({ seed: 2 }), windowMs: 20 };
  const fields = [...new Set(fieldsOf({ ...bench, comparison: compareBenches(bench, other) }))];
  expect(fields.length).toBeGreaterThan(45);
  expect(fields.filter((field) => !new RegExp(`\\b${field}\\b`).test(spans))).toEqual([]);
});

test('every part', () => {
  for (const part of PARTS) expect(own).toContain(`| \`${part}\` |`);
});
