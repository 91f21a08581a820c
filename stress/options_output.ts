// SPDX-License-Identifier: GPL-2.0-only
/** The folder that reports go to: made before the run, so that a run of hours does not end with nowhere to write. */
import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { UsageError } from './options_error.ts';

const REASONS: Readonly<Record<string, string>> = {
  EEXIST: 'a file of that name is in the way',
  ENOTDIR: 'a part of that path is a file',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  ENOENT: 'no folder can be made there',
  ENAMETOOLONG: 'the name is too long',
};

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);

/**
 * Makes a folder and those above it.
 *
 * Not by mkdir's `recursive`, which on Node 20 never returns where a folder is there but takes no folders, such as /proc.
 */
function makeFolder(folder: string): void {
  const above = dirname(folder);
  if (!existsSync(above)) makeFolder(above);
  try {
    mkdirSync(folder);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST' || !existsSync(folder) || !statSync(folder).isDirectory()) throw error;
  }
}

export function checkOutput(folder: string): void {
  try {
    makeFolder(resolve(folder));
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    const code = codeOf(error);
    throw new UsageError(
      'output',
      `--output '${folder}' cannot be written, ${REASONS[code] ?? code}; ` +
        'it takes a folder that is there or can be made, type for example --output reports',
    );
  }
}
