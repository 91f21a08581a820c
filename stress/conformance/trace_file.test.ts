// SPDX-License-Identifier: GPL-2.0-only
/** What is wrong with a file of traces, or with the command line, is said in one sentence. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { UsageError } from '../cli/usage_error.ts';
import { parseConformance } from './options.ts';
import { projectTraces, readTraces, toLines } from './trace_file.ts';

const folder = mkdtempSync(join(tmpdir(), 'trace-file-test-'));
const path = join(folder, 'wrong.jsonl');
afterAll(() => rmSync(folder, { recursive: true }));

const META = { meta: 1, format: 'aio-trace/1', env: { possible_cpus: 2 } };
const X = { id: 'x', applies: ['v3.17'], ops: [] };
const setpu = { op: 'io_setpu' };

test.each([
  ['a line that is no JSON', [META, '{"id":'], ':2: this is no JSON'],
  ['a line that is no object', [META, '7'], ':2: each line is an object'],
  ['another format', [{ ...META, format: 'aio-trace/2' }], ':1: the first line has the format aio-trace/1, not "aio-'],
  ['no first line', [X], ':1: the first line has the format aio-trace/1, not none'],
  ['nothing in it', [''], ':1: this is no JSON'],
  ['no number of CPUs', [{ ...META, env: {} }], ':1: env.possible_cpus is a number'],
  [
    'an unknown op',
    [META, { ...X, ops: [setpu] }],
    ":2: op 0 is 'io_setpu', which there is not; the nearest is io_setup",
  ],
  ['an unknown op in a body', [META, X, { ...X, ops: [{ op: 'repeat', body: [setpu] }] }], ":3: op 0.0 is 'io_setpu'"],
  ['no ops', [META, { id: 'x', applies: [] }], ':2: the trace x has no list of ops'],
  ['no id', [META, { ops: [], applies: [] }], ':2: a trace has an id, here is none'],
  ['no kernels', [META, { id: 'x', ops: [] }], ':2: the trace x does not say in "applies" which kernels it is about'],
])('a file with %s', (_what, lines, message) => {
  writeFileSync(path, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  expect(() => readTraces(path)).toThrow(UsageError);
  expect(() => readTraces(path)).toThrow(`${path}${message}`);
});

test.each([
  [['--target', 'linux'], '--target'],
  [['--targte', 'port'], "there is no option '--targte', the nearest is --target"],
  [['good.jsonl'], "'good.jsonl' belongs to no option, only options are allowed; type for example npm run"],
  [['--record', 'x', '--json'], 'contradict'],
  [['--watchdog', '0'], '--watchdog takes a whole number from 1'],
])('%j', (args, message) => {
  expect(() => parseConformance(args)).toThrow(UsageError);
  expect(() => parseConformance(args)).toThrow(message);
});

test('a file that is not there', () => {
  expect(() => readTraces('/nowhere.jsonl')).toThrow('the traces /nowhere.jsonl cannot be read');
});

test('--help says what there is', () => {
  expect(parseConformance(['--help'])).toContain('--record <file>');
});

test('what is written can be read, and the traces of the project have names of their own', () => {
  const files = projectTraces();
  const ids = files.flatMap(({ traces }) => traces.map(({ id }) => id));
  expect(new Set(ids).size).toBe(ids.length);
  for (const file of files) {
    writeFileSync(path, toLines(file));
    expect(readTraces(path)).toEqual({ ...file, path });
  }
});
