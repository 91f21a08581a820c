// SPDX-License-Identifier: GPL-2.0-only
/**
 * Tests of what a machine may lack: a browser, a compiler, a kernel with AIO.
 *
 * Where it is missing they are skipped with a sentence, and left_out.ts ends the run with all such sentences.
 * KIOCTX_TESTS=all, which `.ci/run` sets, makes what can be installed an error.
 */
import { beforeEach } from 'vitest';
import { findBrowser, findProgram } from './programs.ts';

/** What is missing, and what to type; null if it is there. */
export const NO_BROWSER =
  findBrowser() === null ? 'there is no Chromium; type apt-get install chromium, or set CHROME_PATH' : null;

export const noProgram = (name: string, install: string): string | null =>
  findProgram(name) === null ? `there is no ${name}; type ${install}` : null;

/**
 * Skips the tests of this file, or of this describe(), if something is missing.
 * @param missing - a sentence, null if nothing is
 */
export function needs(missing: string | null): void {
  if (missing === null) return;
  if (process.env['KIOCTX_TESTS'] === 'all') throw new Error(`all tests are to be run, and ${missing}`);
  beforeEach(({ skip }) => skip(missing));
}

/** The same for what cannot be installed: another kernel, another user. */
export function applies(not: string | null): void {
  if (not !== null) beforeEach(({ skip }) => skip(not));
}
