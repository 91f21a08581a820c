// SPDX-License-Identifier: GPL-2.0-only
/** On a host that gives little, programs say in a sentence what is missing and what to type, and end with 6. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { $ } from 'zx';
import { HostLimit } from '../../src/arch/sab/host_limit.ts';
import { refusedByHost } from '../host/limits.ts';
import { startThreads } from '../host/threads.ts';

/** As Node does where the system starts no thread any more. */
vi.mock('piscina', () => ({
  Piscina: class {
    constructor() {
      throw Object.assign(new Error('EAGAIN'), { code: 'ERR_WORKER_INIT_FAILED' });
    }
  },
}));

const DIST = join(import.meta.dirname, '../../dist/stress');
const MAIN = join(DIST, 'commands/stress.js');
const output = mkdtempSync(join(tmpdir(), 'kioctx-host-'));
afterAll(() => rmSync(output, { recursive: true, force: true }));
beforeEach(() => {
  for (const name of readdirSync(output)) rmSync(join(output, name), { recursive: true });
});

const run$ = $({ nothrow: true, quiet: true, env: { ...process.env, NO_COLOR: '1' } });

interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program with a limit of the shell's: `-v 3000000`. */
async function limited(limit: string, ...args: string[]): Promise<Ended> {
  const { exitCode, stdout, stderr } = await run$`bash -c ${`ulimit ${limit} && exec node "$@"`} bash ${args}`;
  return { exitCode, stdout, stderr };
}

const GIB_IN_KIB = 2 ** 20;
const LITTLE = `-v ${2 * GIB_IN_KIB}`;
const SMALL = ['--build', 'patched', '--output', output, '--scenario', 'unread_events_overwritten'];
const SHORT = [...SMALL, '--duration', '300ms', '--reporter', 'json'];

test.each(['commands/stress', 'commands/report', 'commands/soak', 'commands/bench', 'commands/conformance'])(
  'the help of %s, and a wrong option, need no RAM',
  async (program) => {
    const path = join(DIST, `${program}.js`);
    expect(await limited(LITTLE, path, '--help')).toMatchObject({ exitCode: 0, stderr: '' });
    const wrong = await limited(LITTLE, path, '--nope');
    expect(wrong).toMatchObject({ exitCode: 1, stdout: '' });
    expect(wrong.stderr).toMatch(/^[^\n]*--help[^\n]*\n$/);
  },
);

test('the version and the list of scenarios need no RAM', async () => {
  expect(await limited(LITTLE, MAIN, '--version')).toMatchObject({ exitCode: 0, stderr: '' });
  expect(await limited(LITTLE, MAIN, '--list')).toMatchObject({ exitCode: 0, stderr: '' });
});

const NO_RAM =
  /^RAM needs up to 10 GiB of address space[^\n]* ulimit -v allows 2\.0 GiB in all; type ulimit -v unlimited[^\n]*\n$/;

test.each([
  ['stress', MAIN, ...SHORT],
  ['stress --engine det', MAIN, '--engine', 'det', '--schedules', '1', '--output', output],
  ['stress --replay', MAIN, '--replay', join(import.meta.dirname, '../det/corpus/exit_waits.json')],
  ['bench', join(DIST, 'commands/bench.js'), '--only', 'memory', '--quick', '--output', output],
  ['conformance', join(DIST, 'commands/conformance.js'), '--target', 'port'],
])('%s without the address space for RAM is a sentence, and leaves no folder', async (_, ...args) => {
  const { exitCode, stdout, stderr } = await limited(LITTLE, ...args);
  expect({ exitCode, stdout }).toEqual({ exitCode: 6, stdout: '' });
  expect(stderr).toMatch(NO_RAM);
  expect(readdirSync(output)).toEqual([]);
});

test('threads for which there is no address space are not started, and as many as it says run', async () => {
  const limit = `-v ${15 * GIB_IN_KIB}`;
  const { exitCode, stdout, stderr } = await limited(limit, MAIN, ...SHORT, '--threads', '32');
  expect({ exitCode, stdout }).toEqual({ exitCode: 6, stdout: '' });
  const [, fewer = ''] =
    /^RAM and 32 threads need [\d.]+ GiB of address space.* ulimit -v allows 15\.0 GiB; type .*, as (--threads \d+)\n$/.exec(
      stderr,
    ) ?? [];
  expect(readdirSync(output)).toEqual([]);
  const run = await limited(limit, MAIN, ...SHORT, ...fewer.split(' '));
  expect(run.stdout).toContain('End of test');
  expect([0, 4]).toContain(run.exitCode);
}, 60_000);

test('threads for which there are too few open files are not started', async () => {
  const { exitCode, stdout, stderr } = await limited('-n 100', MAIN, ...SHORT, '--threads', '16');
  expect({ exitCode, stdout }).toEqual({ exitCode: 6, stdout: '' });
  const [, files = ''] =
    /^(\d+) files must be open with 16 threads, and ulimit -n allows 100; type ulimit -n \d+ and [^\n]*\n$/.exec(
      stderr,
    ) ?? [];
  expect(readdirSync(output)).toEqual([]);
  const run = await limited(`-n ${files}`, MAIN, ...SHORT, '--threads', '16');
  expect(run.stdout).toContain('End of test');
}, 60_000);

test('a thread that runs out of heap is no finding', async () => {
  // Of the threads alone: the main thread has its heap already.
  const flags = 'data:text/javascript,import v8 from "node:v8"; v8.setFlagsFromString("--max-old-space-size=5")';
  const { exitCode, stdout } = await run$`node --import ${flags} ${MAIN} ${SMALL} --duration 2s --threads 4`;
  expect(exitCode).toBe(6);
  expect(stdout).toMatch(/End of test: HARNESS: .*a thread used up its heap/);
  expect(stdout).not.toContain('thread:died');
}, 60_000);

test('threads that the system does not start are counted', () => {
  const start = (): unknown => startThreads('cpu.js', 16, {} as WebAssembly.Memory);
  expect(start).toThrow(HostLimit);
  expect(start).toThrow(/^0 of 16 threads could be started, as many as .*; type ulimit -u \d+ and the same again$/);
});

test.each([
  ['EMFILE: too many open files, open', /ulimit -n/],
  ['Worker terminated due to reaching memory limit: JS heap out of memory', /--max-old-space-size/],
  ['Array buffer allocation failed', /the host refuses memory/],
  ['WebAssembly.Instance(): Out of memory: Cannot allocate Wasm memory for new instance', /the host refuses memory/],
  ['worker exited with code: 1', /a thread ended that was to go on/],
])('%s is the host', (message, sentence) => {
  expect(refusedByHost(new Error(message))?.message).toMatch(sentence);
});

test.each([
  new RangeError('Maximum call stack size exceeded'),
  new TypeError("Cannot read properties of null (reading 'tail')"),
  new DOMException('This operation was aborted', 'AbortError'),
])('%s is not', (error) => {
  expect(refusedByHost(error)).toBeNull();
});
