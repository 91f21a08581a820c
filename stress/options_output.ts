// SPDX-License-Identifier: GPL-2.0-only
/** The folder that reports go to: made before the run, so that a run of hours does not end with nowhere to write. */
import { accessSync, constants } from 'node:fs';
import { makeFolder, reasonOf } from './cli/folder.ts';
import { UsageError } from './options_error.ts';

export function checkOutput(folder: string): void {
  const refused = (why: string): UsageError =>
    new UsageError(
      'output',
      `--output '${folder}' cannot be written, ${why}; it takes a folder that is there or can be made, ` +
        'type for example --output reports',
    );
  if (folder === '') throw refused('it has no name');
  try {
    makeFolder(folder);
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw refused(reasonOf(error));
  }
}
