// SPDX-License-Identifier: GPL-2.0-only
/** The tables of options in the documents are made from those of the programs. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Table, typedAs, usualText } from '../cli/option_table.ts';
import { STRESS } from '../options/table.ts';
import { SOAK } from './soak_options.ts';

const HEAD = '| option | meaning | default |\n|---|---|---|\n';

const rowsOf = (table: Table): string =>
  Object.entries(table)
    .map(([name, row]) => `| \`${typedAs(name, row)}\` | ${row.help} | ${usualText(row) ?? ''} |\n`)
    .join('');

test.each([
  ['README.md', STRESS],
  ['stress/soak/README.md', SOAK],
])('the options of %s; npx vitest run stress/soak/readme.test.ts -u writes them', async (path, table: Table) => {
  const file = new URL(`../../${path}`, import.meta.url);
  const [before = '', after = '', ...more] = readFileSync(file, 'utf8').split(HEAD);
  expect(more).toEqual([]);
  await expect(`${before}${HEAD}${rowsOf(table)}${after.replace(/^(\|.*\n)+/, '')}`).toMatchFileSnapshot(file.pathname);
});
