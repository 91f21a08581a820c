// SPDX-License-Identifier: GPL-2.0-only
/** What is wrong with a file of traces, or with the command line, is said in one sentence. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { UsageError } from '../../cli/usage_error.ts';
import { parseConformance } from '../options.ts';
import { projectTraces, readTraces, toLines } from './file.ts';

const folder = mkdtempSync(join(tmpdir(), 'trace-file-test-'));
const path = join(folder, 'wrong.jsonl');
afterAll(() => rmSync(folder, { recursive: true }));

const META = { meta: 1, format: 'aio-trace/1', env: { possible_cpus: 2 } };
const X = { id: 'x', checks: '', applies: ['v3.17'], ops: [] };
const setup = { op: 'io_setup', ctx: 'c', nr_events: 8 };

function reading(lines: readonly unknown[]) {
  writeFileSync(path, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  return () => readTraces(path);
}

test.each([
  ['a line that is no JSON', [META, '{"id":'], ':2: this is no JSON'],
  ['a line that is no object', [META, '7'], ':2: each line is an object'],
  ['another format', [{ ...META, format: 'aio-trace/2' }], ':1: format is "aio-trace/1", not "aio-trace/2"'],
  ['no first line', [X], ":1: 'id' is no field of the first line"],
  ['nothing in it', [''], ':1: this is no JSON'],
  ['no number of CPUs', [{ ...META, env: {} }], ":1: 'env.possible_cpus' is missing, a whole number from 1 to 256"],
  ['no ops', [META, { id: 'x', checks: '', applies: [] }], ":2: 'ops' is missing"],
  ['no id', [META, { ...X, id: undefined }], ":2: 'id' is missing, a text"],
  ['no kernels', [META, { ...X, applies: undefined }], ":2: 'applies' is missing, a list"],
  [
    'a kernel that there is not',
    [META, { ...X, applies: ['v3.18'] }],
    ':2: applies is a list, each element "v3.17" or',
  ],
  ['a name twice', [META, X, X], ":3: the id 'x' is that of line 2; each trace has its own"],
])('a file with %s', (_what, lines, message) => {
  expect(reading(lines)).toThrow(UsageError);
  expect(reading(lines)).toThrow(`${path}${message}`);
});

test.each([0, -1, 1.5, '2', 257, 1e9, null])('possible CPUs: %j', (possible_cpus) => {
  const says = `possible_cpus is a whole number from 1 to 256, not ${JSON.stringify(possible_cpus)}`;
  expect(reading([{ ...META, env: { possible_cpus } }])).toThrow(`${path}:1: env.${says}`);
  expect(reading([META, { ...X, possible_cpus }])).toThrow(`${path}:2: ${says}`);
});

const iocb = { op: 'iocb', iocb: 'i', cmd: 'noop', fd: -1 };
test.each<[op: unknown, says: string]>([
  [null, 'op 0 is null; each op is an object such as {"op":"io_destroy","ctx":"c"}'],
  [{ op: 'io_setpu' }, 'op 0 is "io_setpu", which there is not; the nearest is io_setup'],
  [{ op: 'constructor' }, 'op 0 is "constructor", which there is not'],
  [{ op: 'repeat', times: 1, body: [{ op: 'io_setpu' }] }, 'op 0.0 is "io_setpu", which there is not'],
  [{ op: 'repeat', times: 2, body: 'x' }, 'op 0, repeat: body is a list, each element a step, not "x"'],
  [{ op: 'repeat', times: 0, body: [] }, 'op 0, repeat: times is a whole number from 1 to 100000, not 0'],
  [{ ...setup, expects: { ret: 7 } }, "op 0, io_setup: 'expects' is no field of io_setup; the nearest is expect"],
  [{ ...setup, nr_event: 8 }, "'nr_event' is no field of io_setup; the nearest is nr_events"],
  [{ ...setup, nr_events: '8' }, 'nr_events is a whole number from -2147483648 to 4294967295, not "8"'],
  [{ ...setup, ctx: 5 }, 'ctx is a name of 1 to 31 letters, digits, dots and dashes, not 5'],
  [{ op: 'io_setup', nr_events: 5 }, 'op 0, io_setup: it needs ctx, or ctxp'],
  [{ ...setup, init: 'c' }, 'init is a whole number of up to 64 bits, as a string such as'],
  [{ ...setup, init: '0x10000000000000000' }, 'init is a whole number of up to 64 bits'],
  [{ ...setup, at: { maped: 3 } }, "'at.maped' is no field of at; the nearest is mapped"],
  [{ ...setup, expect: 7 }, 'expect is an object such as {"ret":0}, not 7'],
  [{ ...setup, expect: { ret: -11 } }, 'such as "-EAGAIN", not -11; -11 is "-EAGAIN"'],
  [{ ...setup, expect: { ret: 'EAGAIN' } }, 'expect.ret is a number from 0 on, or the name of an error'],
  [{ ...setup, expect: { rte: 0 } }, "'expect.rte' is no field of what io_setup answers; the nearest is ret"],
  [{ ...setup, expect_v317: { id: -1 } }, 'expect_v317.id is a whole number from 0 to 4294967295, not -1'],
  [
    { op: 'buffer', buf: 'b', size: 1e12 },
    'op 0, buffer: size is a whole number from 0 to 67108864, not 1000000000000',
  ],
  [
    { op: 'io_destroy', ctx: 'd' },
    "ctx names the context 'd', which no earlier step has made by io_setup; there is no",
  ],
  [{ ...iocb, cmd: 'constructor' }, 'op 0, iocb: cmd is "pread", "pwrite", "fsync"'],
  [{ ...iocb, cmd: 'pred' }, '"pred"; the nearest is pread'],
  [{ ...iocb, fd: 3 }, 'fd is the name of a descriptor, or a number that is none: below 0, or 1024 and more, not 3'],
  [{ ...iocb, data: 'zz' }, 'data is a whole number of up to 64 bits'],
  [{ ...iocb, cmd: 'poll' }, 'op 0, iocb: a poll needs events, such as 1 for POLLIN'],
  [{ ...iocb, cmd: 'poll', events: 1, nbytes: 8 }, 'op 0, iocb: a poll has no nbytes'],
  [{ op: 'fault' }, 'op 0, fault: it is either "ring_mmap":true or a number of pages'],
  [{ op: 'open', fd: 'f', mode: 'r' }, 'op 0, open: it needs a file, or "directory":true and no file'],
  [{ op: 'open', fd: 'f', directory: true, mode: 'x' }, 'op 0, open: mode is "r", "w" or "rw", not "x"'],
])('the step %j', (op, says) => {
  expect(reading([META, { ...X, ops: [op] }])).toThrow(UsageError);
  expect(reading([META, { ...X, ops: [op] }])).toThrow(says);
});

test.each<[op: unknown, says: string]>([
  [{ op: 'ring_read', ctx: 'c', fields: ['toString'] }, 'fields is a list, each element "id", "nr", "head"'],
  [{ op: 'ring_write', ctx: 'c', set: { haed: 3 } }, "'set.haed' is no field of set; the nearest is head"],
  [
    { op: 'io_destroy', ctx: 'cc' },
    "ctx names the context 'cc', which no earlier step has made by io_setup; the nearest is c",
  ],
  [{ op: 'io_submit', ctx: 'c', iocbs: ['i'] }, "iocbs names the iocb 'i', which no earlier step has made by iocb or"],
  [{ op: 'io_submit', ctx: 'c', iocbs: 'NOWHERE' }, 'iocbs is a list, each element the name of an iocb'],
  [{ op: 'io_getevents', ctx: 'c', timeout: {} }, 'timeout is [seconds, nanoseconds], null for none, "BAD" or "GUARD"'],
  [
    { op: 'repeat', times: 2, body: [setup], expect: { alike: 2, first: [{ ret: -22 }] } },
    'op 1, repeat: expect.first[0].ret is a number from 0 on, or the name of an error such as "-EAGAIN", not -22',
  ],
])('after a context, the step %j', (op, says) => {
  expect(reading([META, { ...X, ops: [setup, op] }])).toThrow(says);
});

test('a trace that would take millions of steps', () => {
  const repeat = { op: 'repeat', times: 100_000, body: Array(11).fill({ op: 'aio_nr' }) };
  expect(reading([META, { ...X, ops: [repeat] }])).toThrow(
    `${path}:2: the trace has 1100000 steps, all rounds of its repeats counted; 1000000 are allowed`,
  );
});

test.each([
  [['--target', 'linux'], '--target'],
  [['--targte', 'port'], "there is no option '--targte', the nearest is --target"],
  [['good.jsonl'], "'good.jsonl' belongs to no option, only options are allowed; type for example npm run"],
  [['--record', 'x', '--json'], 'contradict'],
  [['--from-strace', 'x', '--fuzz'], 'contradict'],
  [['--to', 'x'], '--to is for --from-strace; type for example --from-strace fio.log --to x'],
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
