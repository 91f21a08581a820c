// SPDX-License-Identifier: GPL-2.0-only
/** Writes the reports of a run to a folder of its own. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { codeOf, makeFolder, reasonOf } from '../cli/folder.ts';
import { type FindingFile, findingFiles, findingSchedule, findingText } from './finding_files.ts';
import { DEFAULT_REPORTERS, REPORTERS, type Reporter } from './reporters.ts';
import type { Run } from './result.ts';

/** A report that could not be written; `message` is a sentence. */
export class ReportError extends Error {
  override readonly name = 'ReportError';
}

const FOLDERS_MAX = 1000;

/** @throws ReportError */
export function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new ReportError(`The report cannot be written to '${path}': ${reasonOf(error)}.`, { cause: error });
  }
}

/** A moment as names of folders have it: `20261121T024700Z`. @param at - ISO 8601, UTC */
export const utcName = (at: string): string => at.replace(/\.\d+/, '').replace(/[^0-9TZ]/g, '');

/** Makes `<output>/<name>`, or the first of `-2`, `-3`, … that is not there yet. @throws ReportError */
export function newFolder(output: string, name: string): string {
  const first = join(output, name);
  return attempt(first, () => {
    makeFolder(output);
    for (let n = 1; n <= FOLDERS_MAX; n++) {
      const folder = n === 1 ? first : `${first}-${n}`;
      try {
        // made, not looked for: two runs that start in the same second get a folder each
        mkdirSync(folder);
        return folder;
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
      }
    }
    throw new Error(`there are ${FOLDERS_MAX} of them already`);
  });
}

/** The folder of a run, `<utc>-<seed>`. @param startedAt - ISO 8601, UTC @throws ReportError */
export const runFolder = (output: string, startedAt: string, seed: number): string =>
  newFolder(output, `${utcName(startedAt)}-${seed}`);

/** Under a name beside the file's own first: whoever is killed meanwhile leaves the old file, not half a new one. */
export function replaceFile(path: string, text: string): void {
  const unfinished = join(dirname(path), `.${basename(path)}.${process.pid}`);
  try {
    writeFileSync(unfinished, text);
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
}

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
 * Writes the files that the reporters print, and a folder for each finding.
 *
 * @returns the paths written, in the order of REPORTERS, then the findings @throws ReportError
 */
export function writeReports(dir: string, run: Run, reporters: readonly Reporter[] = DEFAULT_REPORTERS): string[] {
  const write = (name: string, text: string): string => {
    const path = join(dir, name);
    return attempt(path, () => {
      makeFolder(dirname(path));
      replaceFile(path, text);
      return path;
    });
  };
  const findings = findingFiles(run.result);
  const written = Object.entries(REPORTERS).flatMap(([name, { file, print }]) =>
    reporters.some((reporter) => reporter === name) ? [write(file, print(run))] : [],
  );
  for (const file of findings) {
    written.push(write(file.path, findingText(run.result, file)));
    const schedule = findingSchedule(file);
    if (schedule !== null) written.push(write(schedule.path, schedule.text));
  }
  attempt(dir, () => forgetOldFindings(dir, findings));
  return written;
}
