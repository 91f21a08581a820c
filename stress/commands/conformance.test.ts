// SPDX-License-Identifier: GPL-2.0-only
/** `npm run conformance` as it is typed: what it prints, what it writes, how it ends. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { applies } from '../../src/testing/needs.ts';
import { Kernel } from '../conformance/kernel/kernel.ts';
import { readTraces } from '../conformance/trace/file.ts';
import type { Trace, TraceOp } from '../conformance/trace/trace.ts';
import { ROOT } from '../host/root.ts';

const folder = mkdtempSync(join(tmpdir(), 'conformance-test-'));
const kernel = new Kernel();
const facts = await kernel.facts();
await kernel.close();
const why = typeof facts === 'string' ? facts : null;
const cpus = typeof facts === 'string' ? 2 : facts.possibleCpus;
afterAll(() => rmSync(folder, { recursive: true }));

const META = { meta: 1, format: 'aio-trace/1', env: { possible_cpus: cpus } };
const trace = (id: string, ...ops: TraceOp[]): Trace => ({ id, checks: '', applies: ['v3.17', 'v6.18'], ops });
const setup = (expected: TraceOp['expect'] & object): TraceOp => ({
  op: 'io_setup',
  ctx: 'c',
  nr_events: 1,
  expect: expected,
});
const WAIT: TraceOp = { op: 'io_getevents', ctx: 'c', min_nr: 1, nr: 1, timeout: null };

function file(name: string, ...lines: readonly unknown[]): string {
  const path = join(folder, name);
  writeFileSync(path, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  return path;
}

const MAIN = fileURLToPath(new URL('dist/stress/commands/conformance.js', ROOT));

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: 28_000,
  });
  return { status, stdout, stderr };
}

const good = file('good.jsonl', META, trace('good', setup({ ret: 0 }), { op: 'aio_nr', expect: { delta: 1 } }));
const bad = file('bad.jsonl', META, trace('bad', setup({ ret: '-EPERM' }), { op: 'io_destroy', ctx: 'c' }));

test('the port alone: a table, each difference with its place and both values, a verdict', () => {
  const { status, stdout } = run(['--target', 'port', '--traces', good, bad]);
  expect(stdout).toContain(
    ['bad: port: ret differs at op 0, io_setup(1, &c)', '    expected "-EPERM"', '    port     0'].join('\n'),
  );
  expect(stdout).toMatch(/^good\s+passed\s+quota$/m);
  expect(stdout).toMatch(/^bad\s+differs$/m);
  expect(stdout).toContain('--- DIFFERS: 1 of 2 comparisons; 2 traces, 2 comparisons, 0 skipped, 1 known difference');
  expect(status).toBe(2);
});

test('--json writes the same as JSON', () => {
  const json = join(folder, 'out.json');
  expect(run(['--target', 'port', '--traces', bad, '--json', json]).stdout).toContain('--- DIFFERS');
  const { stdout } = run(['--target', 'port', '--traces', bad, '--json']);
  expect(JSON.parse(readFileSync(json, 'utf8'))).toEqual(JSON.parse(stdout));
  expect(JSON.parse(stdout)).toMatchObject({
    target: 'port',
    totals: { traces: 1, passed: 0, differing: 1, skipped: 0 },
    results: [{ id: 'bad', judgements: [{ side: 'port', state: 'differs', differences: [{ op: 0, field: 'ret' }] }] }],
  });
});

test('a trace that names what it has not made is a mistake of the user', () => {
  const path = file('names.jsonl', META, trace('names', { op: 'io_destroy', ctx: 'd' }));
  const { status, stderr } = run(['--target', 'port', '--traces', path]);
  expect(stderr).toBe(
    `${path}:2: op 0, io_destroy: ctx names the context 'd', which no earlier step has made by io_setup; ` +
      'there is no context yet\n',
  );
  expect(status).toBe(1);
});

test('where it cannot write is said before anything is run, and what is lost at the end is named', () => {
  const nowhere = join(good, 'below.json');
  for (const args of [
    ['--json', nowhere, '--traces', good],
    ['--record', nowhere],
    ['--from-strace', good, '--to', nowhere],
  ]) {
    const { status, stdout, stderr } = run(args);
    const flag = args.find((_, i) => args[i + 1] === nowhere);
    expect({ status, stdout, stderr }).toEqual({
      status: 1,
      stdout: '',
      stderr: `${flag} '${nowhere}' cannot be written, a part of that path is a file; it takes a file in a folder that can be\n`,
    });
  }
  expect(run(['--record', join(folder, 'none.jsonl')]).stderr).toMatch(
    /cannot be read, there is no such file or folder; --record writes into a file of traces that is there\n$/,
  );
  expect(run(['--traces', folder]).stderr).toContain('cannot be read, it is a folder; type for example --traces');
});

test.runIf(existsSync('/dev/full'))('a full disk is never exit code 0', () => {
  const full = spawnSync(
    'bash',
    ['-c', `${process.execPath} ${MAIN} --target port --traces ${good} --json > /dev/full`],
    {
      encoding: 'utf8',
    },
  );
  expect(full.status).toBe(6);
  expect(full.stderr).toBe('What was printed is cut short: standard output cannot be written, the disk is full.\n');
});

test.runIf(existsSync('/proc/self/status'))(
  'a signal ends a comparison after the trace under way, and what was compared is printed',
  async () => {
    const many = file('many.jsonl', META, ...Array.from({ length: 2000 }, (_, i) => trace(`t${i}`, setup({ ret: 0 }))));
    const child = spawn(process.execPath, [MAIN, '--target', 'port', '--traces', many]);
    let out = '';
    child.stdout.on('data', (text) => {
      out += text;
    });
    // SIGHUP: the others Node catches itself.
    const hearsSignals = (): boolean => {
      const caught = /^SigCgt:\s*(\w+)$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'latin1'))?.[1] ?? '0';
      return (BigInt(`0x${caught}`) & 1n) !== 0n;
    };
    do await sleep(100);
    while (!hearsSignals());
    child.kill('SIGINT');
    const [code] = await once(child, 'exit');
    expect(code).toBe(130);
    expect(out).toMatch(/^--- INTERRUPTED: \d+ traces, .*\(exit 130\)$/m);
  },
);

test('--from-strace makes a trace, which runs', () => {
  const log = join(folder, 'a.log');
  writeFileSync(log, 'io_setup(8, [0x7f0000000000]) = 0\nmmap(NULL, 1) = 0x7\nio_destroy(0x7f0000000000) = 0\n');
  const made = join(folder, 'strace.jsonl');
  expect(run(['--from-strace', log, '--to', made])).toEqual({
    status: 0,
    stdout: '',
    stderr: '1 other calls are left out\n',
  });
  expect(run(['--from-strace', log]).stdout).toBe(readFileSync(made, 'utf8'));
  expect(run(['--target', 'port', '--traces', made]).status).toBe(0);
});

describe('where the kernel cannot be used', () => {
  // koffi is one of Node's native addons.
  const away = { NODE_OPTIONS: '--no-addons' };

  test('the reason is said, and the recorded answers serve', () => {
    const { status, stdout } = run(['--traces', good], away);
    expect(stdout).toMatch(
      /^kernel: cannot be used, koffi, which calls the kernel, cannot be loaded .*npm install koffi$/m,
    );
    expect(stdout).toMatch(/^good\s+passed\s+skipped\s+skipped\s+quota$/m);
    expect(status).toBe(0);
  });

  test.each([
    ['--target', 'kernel', '--traces', good],
    ['--record', good],
  ])('%s %s was asked for in vain', (...args) => {
    expect(run(args, away).status).toBe(4);
  });
});

describe('on this kernel', () => {
  applies(why);

  test('port and kernel are held against each other', () => {
    const { status, stdout } = run(['--traces', good]);
    expect(stdout).toMatch(/^good\s+passed\s+passed\s+passed\s+quota$/m);
    expect(status).toBe(0);
  });

  test('a trace at which the kernel would wait for ever is a difference', () => {
    const path = file('wait.jsonl', META, trace('wait', setup({ ret: 0 }), WAIT));
    const { status, stdout } = run(['--target', 'kernel', '--watchdog', '1', '--traces', path]);
    expect(stdout).toContain(
      'hang: the kernel did not answer within 1 s (--watchdog), at op 1, io_getevents(c, 1, 1, events, NULL)',
    );
    expect(status).toBe(2);
  });

  test('--record writes what the kernel answers, with which the trace passes', () => {
    const path = file('mine.jsonl', META, trace('mine', setup({}), { op: 'io_destroy', ctx: 'c', expect: { ret: 7 } }));
    expect(run(['--record', path]).status).toBe(0);
    const [mine] = readTraces(path).traces;
    expect(mine?.ops.map((op) => op.expect)).toEqual([{ ret: 0, ring_nr: 127, id: 0 }, { ret: 0 }]);
    expect(run(['--traces', path]).status).toBe(0);
  });
});
