// SPDX-License-Identifier: GPL-2.0-only
/** Whatever protects something in fs/aio.c is shown to: no row of the table is empty, and no fix is in none. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PROTECTIONS } from './coverage.test-data.ts';
import { SLUGS } from './registry.ts';

test.each(PROTECTIONS.map((row) => [row.what, row] as const))('%s: something shows it', (_, { shownBy }) => {
  expect(shownBy).not.toEqual([]);
  for (const shown of shownBy) {
    if (typeof shown === 'string') expect(SLUGS).toContain(shown);
    else {
      const text = readFileSync(new URL(`../../${shown.file}`, import.meta.url), 'utf8');
      expect(text).toContain(`test('${shown.title}'`);
    }
  }
});

test('each fix of the registry is in some row', () => {
  const named = PROTECTIONS.flatMap(({ shownBy }) => shownBy);
  expect(SLUGS.filter((slug) => !named.includes(slug))).toEqual([]);
});
