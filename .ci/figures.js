// SPDX-License-Identifier: GPL-2.0-only
/** Prints the figures of the parts of a test run in a line, from the files that vitest's JSON reporter has written. */
import { existsSync, readFileSync } from 'node:fs';

/** A part that wrote nothing has not run: it counts as one test that failed. */
const NOT_RUN = { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0, numTodoTests: 0, testResults: [] };
const runs = process.argv.slice(2).map((path) => (existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : NOT_RUN));
const sum = (of) => runs.reduce((all, run) => all + of(run), 0);

/** A file that could not be loaded has no tests that could fail: it counts as one. */
const broken = ({ testResults }) =>
  testResults.filter(({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0).length;
const failed = sum((run) => run.numFailedTests + broken(run));
const skipped = sum((run) => run.numPendingTests + run.numTodoTests);
const passed = sum((run) => run.numPassedTests);
process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
