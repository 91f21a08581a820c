// SPDX-License-Identifier: GPL-2.0-only
/** Writes the reports of a run to a folder of its own. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { Files } from '../cli/files.ts';
import { shellWord } from '../cli/shell.ts';
import { DEFAULT_REPORTERS, type Reporter } from '../options/reporters.ts';
import type { Run } from '../result/run_result.ts';
import { type FindingFile, findingFiles, findingSchedule, findingText } from './parts/finding_files.ts';
import { REPORTERS } from './reporters.ts';

/** Takes away findings of an earlier rendering of the run, which had fewer of them and other numbers. */
function forgetOldFindings(dir: string, files: readonly FindingFile[]): void {
  const folder = join(dir, 'findings');
  if (!existsSync(folder)) return;
  const now = new Set(files.map(({ path }) => basename(dirname(path))));
  for (const name of readdirSync(folder)) {
    if (/^\d{3,}-/.test(name) && !now.has(name)) rmSync(join(folder, name), { recursive: true });
  }
}

/**
 * Writes a folder for each finding and the files that the reporters print. Where there is not room for all, findings
 * come before pages: they are small, and what a run is for.
 */
export function writeReports(dir: string, run: Run, reporters: readonly Reporter[] = DEFAULT_REPORTERS): Files {
  const files = new Files();
  const findings = findingFiles(run.result);
  files.attempt(join(dir, 'findings'), () => forgetOldFindings(dir, findings));
  for (const file of findings) {
    files.write(join(dir, file.path), () => findingText(run.result, file));
    const schedule = findingSchedule(file);
    if (schedule !== null) files.write(join(dir, schedule.path), () => schedule.text);
  }
  for (const [name, { file, print }] of Object.entries(REPORTERS)) {
    if (reporters.some((reporter) => reporter === name)) files.write(join(dir, file), () => print(run));
  }
  return files;
}

/** What makes the reports of a run again. */
export const renderCommand = (dir: string, reporters: readonly Reporter[] = DEFAULT_REPORTERS): string => {
  const others = reporters.join() === DEFAULT_REPORTERS.join() ? '' : ` --reporter ${reporters.join()}`;
  return `npm run report -- render ${shellWord(dir)}${others}`;
};

/**
 * What is said of a run's files: which there are, those of findings left out, and which there are not.
 * @param again - the command that makes what is missing; null if there is none
 * @param cut - why the log is not whole; null if it is
 */
export function writtenText(dir: string, files: Files, again: string | null, cut: string | null): string {
  const findings = join(dir, 'findings') + sep;
  const names = files.written.filter((path) => !path.startsWith(findings));
  const lines = names.length === 0 ? [] : [`reports: ${names.join(' ')}`];
  lines.push(...files.lines(again), ...(cut === null ? [] : [cut]));
  return lines.map((line) => `${line}\n`).join('');
}
