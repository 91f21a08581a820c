// SPDX-License-Identifier: GPL-2.0-only
/**
 * report.md at the end of a step's summary on GitHub Actions, which names the file to append to in
 * GITHUB_STEP_SUMMARY. Earlier steps and runs have written to it: nothing of theirs is touched.
 */
import { appendFileSync } from 'node:fs';
import { reasonOf } from '../../cli/folder.ts';

/** @param warn - takes the line that says why it could not be written: a summary is not worth a failed run */
export function appendStepSummary(markdown: string, env: NodeJS.ProcessEnv, warn: (text: string) => unknown): void {
  const path = env['GITHUB_STEP_SUMMARY'];
  if (path === undefined || path === '') return;
  try {
    appendFileSync(path, `\n${markdown}`);
  } catch (error) {
    warn(`The step summary cannot be written to '${path}': ${reasonOf(error)}.\n`);
  }
}
