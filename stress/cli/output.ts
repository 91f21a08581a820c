// SPDX-License-Identifier: GPL-2.0-only
/** The folder that reports go to: made and tried before the run, whose hours would end with nowhere to write. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { reasonOf, tryFolder } from './folder.ts';
import { UsageError } from './usage_error.ts';

/** @throws UsageError */
export function checkOutput(folder: string): void {
  const refused = (why: string): UsageError =>
    new UsageError(
      'output',
      `--output '${folder}' cannot be written, ${why}; it takes a folder that is there or can be made, ` +
        'type for example --output reports',
    );
  if (folder === '') throw refused('it has no name');
  try {
    tryFolder(folder);
  } catch (error) {
    throw refused(reasonOf(error));
  }
}

/** Refuses a folder that has something in it: other reports are not overwritten. Makes nothing. @throws UsageError */
export function checkEmpty(output: string): void {
  if (!existsSync(output)) return;
  if (!statSync(output).isDirectory()) {
    throw new UsageError(
      'output',
      `--output '${output}' is a file, a folder is needed; name one that is not there yet, or is empty`,
    );
  }
  if (readdirSync(output).length > 0) {
    throw new UsageError(
      'output',
      `--output '${output}' is not empty, and nothing is overwritten; name a folder that is not there yet`,
    );
  }
}
