// SPDX-License-Identifier: GPL-2.0-only
/** Prints the figures of a test run in a line, from the file that vitest's JSON reporter has written. */
import { readFileSync } from 'node:fs';

const run = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
/** A file that could not be loaded has no tests that could fail: it counts as one. */
const broken = run.testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
);
const failed = run.numFailedTests + broken.length;
const skipped = run.numPendingTests + run.numTodoTests;
process.stdout.write(`${run.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
