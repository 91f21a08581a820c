// SPDX-License-Identifier: GPL-2.0-only
/** The tables in the documents are made from those of the programs. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { protectionRows } from '../../src/reverts/coverage.test-data.ts';
import { APPLICABLE, FIXES, REVERTIBLE, type Slug } from '../../src/reverts/registry.ts';
import { type Table, typedAs, usualText } from '../cli/option_table.ts';
import { STRESS } from '../options/table.ts';
import { SOAK } from './soak_options.ts';

const rowsOf = (table: Table): string =>
  Object.entries(table)
    .map(([name, row]) => `| \`${typedAs(name, row)}\` | ${row.help} | ${usualText(row) ?? ''} |\n`)
    .join('');

/** What was before Linus's present repository is in that of its history. */
const HISTORY = 'https://git.kernel.org/pub/scm/linux/kernel/git/tglx/history.git/commit/?id=';
const urlOf = (commit: string, fixedIn: string): string =>
  `${fixedIn.startsWith('v2.5.') ? HISTORY : 'https://git.kernel.org/linus/'}${commit}`;

const fixRows = (slugs: readonly Slug[]): string =>
  slugs
    .map((slug) => {
      const { commit, subject, fixedIn, symptom } = FIXES[slug];
      return `| \`${slug}\` | [${commit}](${urlOf(commit, fixedIn)}) | ${fixedIn} | ${subject} | ${symptom} |\n`;
    })
    .join('');

/** Puts rows below a table's head, in place of those that are there. */
function withRows(text: string, head: string, rows: string): string {
  const columns = head.split('|').length - 2;
  const whole = `${head}\n${'|---'.repeat(columns)}|\n`;
  const [before = '', after = '', ...more] = text.split(whole);
  expect(more).toEqual([]);
  return `${before}${whole}${rows}${after.replace(/^(\|.*\n)+/, '')}`;
}

test.each([
  [
    'README.md',
    [
      ['| option | meaning | default |', rowsOf(STRESS)],
      ['| `--revert` | commit | fixed in | subject | the build without it |', fixRows(REVERTIBLE)],
      ['| `--apply` | commit | fixed in | subject | v3.17, without it |', fixRows(APPLICABLE)],
    ],
  ],
  ['ARCHITECTURE.md', [['| in fs/aio.c | protects | shown by |', protectionRows()]]],
  ['stress/soak/README.md', [['| option | meaning | default |', rowsOf(SOAK)]]],
] as const)('the tables of %s; npx vitest run stress/soak/readme.test.ts -u writes them', async (path, tables) => {
  const file = new URL(`../../${path}`, import.meta.url);
  const text = tables.reduce((sum, [head, rows]) => withRows(sum, head, rows), readFileSync(file, 'utf8'));
  await expect(text).toMatchFileSnapshot(file.pathname);
});
