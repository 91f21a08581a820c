// SPDX-License-Identifier: GPL-2.0-only
/** Whatever protects something in fs/aio.c is shown to: no row of the table is empty, and no fix is in none. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PROTECTIONS, slugOf } from './coverage.test-data.ts';
import { SLUGS } from './registry.ts';

/** Commits that the table names before the registry does. A row may rest on them alone until then. */
const AWAITED = new Set(['71eb6b6b0ba9', 'caeb4b0a11b3', 'd0264c01e758']);

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
