// SPDX-License-Identifier: GPL-2.0-only
/** Whatever protects something in fs/aio.c is shown to: no row of the table is empty, and no fix is in none. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PROTECTIONS, slugOf } from './coverage.test-data.ts';
import { SLUGS } from './registry.ts';

/** Commits that the table names before the registry does. A row may rest on them alone until then. */
const AWAITED = new Set([
  '0b944d3a4bba',
  '0c36b390a546',
  '1881686f8420',
  '263782c1c95b',
  '4faa99965e02',
  '679c40a86efa',
  '6cb2a21049b8',
  '71eb6b6b0ba9',
  '86b62a2cb4fc',
  '8e321fefb0e6',
  'a6d7cff472ee',
  'baf10564fbb6',
  'caeb4b0a11b3',
  'd0264c01e758',
  'f8567a3845ac',
  'fb2d44838320',
]);

test.each(PROTECTIONS.map((row) => [row.what, row] as const))('%s: something shows it', (_, { shownBy }) => {
  expect(shownBy).not.toEqual([]);
  for (const shown of shownBy) {
    if (typeof shown === 'object') {
      const text = readFileSync(new URL(`../../${shown.file}`, import.meta.url), 'utf8');
      expect(text).toContain(`test('${shown.title}'`);
    } else if (!AWAITED.has(shown)) {
      expect(slugOf(shown), shown).toBeDefined();
    }
  }
});

test('each fix of the registry is in some row, and each commit that is awaited', () => {
  const named = PROTECTIONS.flatMap(({ shownBy }) => shownBy).filter((shown) => typeof shown === 'string');
  expect(SLUGS.filter((slug) => !named.some((shown) => slugOf(shown) === slug))).toEqual([]);
  expect([...AWAITED].filter((commit) => !named.includes(commit))).toEqual([]);
});
