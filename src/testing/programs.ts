// SPDX-License-Identifier: GPL-2.0-only
/** Programs of this machine that tests use. */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The first of the programs that stands in PATH, as a path; null if there is none. */
export function findProgram(...names: readonly string[]): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isProgram) ?? null;
}

/** The browser that the environment names, or the system's. @returns a path, null if there is none */
export function findBrowser(): string | null {
  const named = process.env['CHROME_PATH'];
  if (named !== undefined && named !== '') return isProgram(named) ? named : null;
  return findProgram('chromium', 'chromium-browser', 'google-chrome');
}
