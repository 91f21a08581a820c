// SPDX-License-Identifier: GPL-2.0-only
/**
 * `node .build/run.js [PROGRAM [arguments]]`: runs a program of dist/, and builds dist/ first if it is not made of these
 * sources. Without a program it only builds.
 *
 * The program runs in this process: signals reach it, and its exit code is the command's.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DIST, errorText, isFresh } from './fresh.js';

/** The harness failed; as stress/result/run_result.ts has it. */
const HARNESS = 6;

/** @param {string} sentence */
function fail(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(HARNESS);
}

/** The build is a process of its own, whose memory and threads are no part of the run. */
function build() {
  const { status, signal } = spawnSync(process.execPath, [join(import.meta.dirname, 'build.js')], {
    // standard output belongs to the program
    stdio: ['ignore', process.stderr.fd, process.stderr.fd],
  });
  if (signal !== null) fail(`dist/ was not built: ${signal} ended the build; type npm run build to try again`);
  if (status !== 0) process.exit(HARNESS);
}

try {
  if (!isFresh()) build();
  const [node, , program, ...rest] = process.argv;
  if (program !== undefined) {
    const path = join(DIST, program);
    process.argv = [node, path, ...rest];
    await import(pathToFileURL(path).href);
  }
} catch (error) {
  fail(errorText(error));
}
