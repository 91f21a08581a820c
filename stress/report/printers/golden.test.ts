// SPDX-License-Identifier: GPL-2.0-only
/**
 * Every printer's file, from the log of one run: `npm run stress -- --scenario head_lost_in_page_migration
 * --threads 6 --duration 4s --seed 5` with two thresholds. The windows of its trace were cut down, and the machine's
 * name was.
 *
 * What a printer prints now is compared with golden/. After an intended change `npx vitest run
 * stress/report/printers/golden.test.ts --update` writes the files anew: read their difference before you commit it.
 */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadRun } from '../../log/load.ts';
import type { Reporter } from '../../options/reporters.ts';
import { findingFiles, findingText } from '../parts/finding_files.ts';
import { REPORTERS } from '../reporters.ts';
import { annotations } from './annotations.ts';
import { toConsole } from './console.ts';

const GOLDEN = join(import.meta.dirname, 'golden');
const run = loadRun(GOLDEN);

/** The page has its charts' program inside, which its own tests look at in a browser. */
const PRINTED = (Object.keys(REPORTERS) as Reporter[]).filter((name) => name !== 'html');

/** JSON and Markdown go by other names, so that nobody formats them. */
const nameOf = (file: string): string => file.replace(/\.(json|md)$/, '$&.txt');

test('the run has what the printers have to print', () => {
  expect(run.result).toMatchObject({ verdict: 'threshold', measured: 'patched' });
  expect(run.result.scenarios.some((scenario) => scenario.findings.length > 0)).toBe(true);
  expect(run.result.locks.some((lock) => lock.waiters.length > 0 && lock.holders.length > 0)).toBe(true);
  expect(run.trace.some((window) => window.cpus.some((cpu) => cpu.steps.length > 0))).toBe(true);
});

test.each(PRINTED)('%s', async (name) => {
  const { file, print } = REPORTERS[name];
  await expect(print(run)).toMatchFileSnapshot(join(GOLDEN, nameOf(file)));
});

test.each([80, 120])('the terminal, %d columns wide', async (width) => {
  const text = toConsole(run.result, { color: false, width });
  await expect(text).toMatchFileSnapshot(join(GOLDEN, `console_${width}.txt`));
});

test('findings', async () => {
  const texts = findingFiles(run.result).map((file) => `${file.path}\n${findingText(run.result, file)}`);
  await expect(texts.join('\n')).toMatchFileSnapshot(join(GOLDEN, 'findings.txt'));
});

test('annotations', async () => {
  await expect(`${annotations(run.result).join('\n')}\n`).toMatchFileSnapshot(join(GOLDEN, 'annotations.txt'));
});
