// SPDX-License-Identifier: GPL-2.0-only
/** What is typed, what is made of it, and what is said where nothing can be made of it. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { APPLICABLE, REVERTIBLE, SLUGS } from '../../src/reverts/registry.ts';
import { ROLES } from '../../workers/protocol.ts';
import { nearest, UsageError } from '../cli/usage_error.ts';
import type { KnownScenario } from '../scenarios/scenario.ts';
import type { Options } from './options.ts';
import { parseOptions } from './parse.test-data.ts';
import { DEFAULT_REPORTERS } from './reporters.ts';
import { againLine } from './stress_options.ts';

const folder = mkdtempSync(join(tmpdir(), 'options-'));
afterAll(() => rmSync(folder, { recursive: true }));
const output = join(folder, 'made', 'reports');

const KNOWN: KnownScenario[] = [
  { name: 'head_lost_in_page_migration', minThreads: 6, onlyByName: false, fixedBy: ['serialise_migration'] },
  { name: 'head_scribbled_at_shutdown', minThreads: 7, onlyByName: false, fixedBy: [] },
  { name: 'unread_events_overwritten', minThreads: 5, onlyByName: false, fixedBy: ['exit_waits'] },
  { name: 'everything_at_once', minThreads: 12, onlyByName: false, fixedBy: [] },
  { name: 'steady_load', minThreads: 3, onlyByName: true, fixedBy: ['exit_waits'] },
];

const parse = (...argv: string[]) => parseOptions(argv, KNOWN);

function run(...argv: string[]): Options {
  const parsed = parse('--output', output, ...argv);
  if (parsed.kind !== 'run') throw new Error(`not a run but ${parsed.kind}`);
  return parsed;
}

function refused(...argv: string[]): UsageError {
  try {
    parse('--output', output, ...argv);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error(`${argv.join(' ')} was taken`);
}

test('without arguments every default is filled in', () => {
  const { seed, ...rest } = run();
  expect(rest).toEqual({
    kind: 'run',
    threads: 16,
    durationMs: 60_000,
    scenarios: KNOWN.filter(({ onlyByName }) => !onlyByName).map((scenario) => scenario.name),
    leftOut: [],
    scenarioGiven: false,
    build: 'both',
    revert: [],
    apply: [],
    roles: null,
    rcu: null,
    perturb: 'light',
    sanitize: 'address',
    arenaMib: 64,
    json: false,
    output,
    failFast: false,
    maxFindings: 100,
    reporters: DEFAULT_REPORTERS,
    thresholds: [],
    shard: null,
    sweep: null,
    explainMs: 20_000,
    det: null,
  });
  expect(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32).toBe(true);
});

test('scenarios that need more threads than there are are left out, and named', () => {
  const { scenarios, leftOut } = run('--threads', '6');
  expect(scenarios).toEqual(['head_lost_in_page_migration', 'unread_events_overwritten']);
  expect(leftOut).toEqual([
    { scenario: 'head_scribbled_at_shutdown', threads: 7 },
    { scenario: 'everything_at_once', threads: 12 },
  ]);
  expect(run('--threads', '6', '--scenario', 'head_*')).toMatchObject({
    scenarios: ['head_lost_in_page_migration'],
    leftOut: [{ scenario: 'head_scribbled_at_shutdown', threads: 7 }],
  });
  expect(run('--threads', '5', '--revert', 'serialise_migration,exit_waits')).toMatchObject({
    scenarios: ['unread_events_overwritten'],
    leftOut: [{ scenario: 'head_lost_in_page_migration', threads: 6 }],
  });
});

test('the default seed is another one each time', () => {
  expect(new Set(Array.from({ length: 8 }, () => run().seed)).size).toBeGreaterThan(1);
});

test('the default folder is reports', () => {
  const parsed = parse('--threads', '16');
  expect(parsed.kind === 'run' && parsed.output).toBe('reports');
});

const TAKEN: [string, Partial<Options>][] = [
  ['--threads 5', { threads: 5 }],
  ['--threads=256', { threads: 256 }],
  ['--minutes 10', { durationMs: 600_000 }],
  ['--minutes 0.5', { durationMs: 30_000 }],
  ['--minutes .25', { durationMs: 15_000 }],
  ['--duration 1500ms', { durationMs: 1500 }],
  ['--duration 90s', { durationMs: 90_000 }],
  ['--duration 10m', { durationMs: 600_000 }],
  ['--duration 1.5h', { durationMs: 5_400_000 }],
  ['--duration 576h', { durationMs: 24 * 24 * 3_600_000 }],
  ['--scenario everything_at_once', { scenarios: ['everything_at_once'], scenarioGiven: true }],
  ['--scenario head_*', { scenarios: ['head_lost_in_page_migration', 'head_scribbled_at_shutdown'] }],
  [
    '--scenario unread_* --scenario *_lost_* --scenario head_l*',
    { scenarios: ['head_lost_in_page_migration', 'unread_events_overwritten'] },
  ],
  ['--scenario {unread,everything}_*', { scenarios: ['unread_events_overwritten', 'everything_at_once'] }],
  ['--build patched', { build: 'patched' }],
  ['--build reverted', { build: 'reverted' }],
  ['--revert exit_waits', { revert: ['exit_waits'], scenarios: ['unread_events_overwritten'], scenarioGiven: false }],
  [
    '--revert exit_waits,read_barrier --revert exit_waits --scenario head_*',
    { revert: ['exit_waits', 'read_barrier'], scenarioGiven: true },
  ],
  ['--seed 0', { seed: 0 }],
  ['--seed 4294967295', { seed: 4_294_967_295 }],
  ['--seed 0xDEADbeef', { seed: 0xdeadbeef }],
  ['--roles submitter=5,completer=3,kworker=2', { threads: 10, roles: { submitter: 5, completer: 3, kworker: 2 } }],
  ['--roles reaper=3,completer=1,kworker=2 --threads 6', { threads: 6 }],
  ['--rcu classic', { rcu: 'classic' }],
  ['--rcu preempt', { rcu: 'preempt' }],
  ['--perturb none', { perturb: 'none' }],
  ['--perturb heavy', { perturb: 'heavy' }],
  ['--sanitize none', { sanitize: 'none' }],
  ['--arena-mib 16', { arenaMib: 16 }],
  ['--arena-mib 1024', { arenaMib: 1024 }],
  ['--json', { json: true }],
  ['--fail-fast', { failFast: true }],
  ['--max-findings 1', { maxFindings: 1 }],
];
test.each(TAKEN)('%s', (line, expected) => {
  expect(run(...line.split(' '))).toMatchObject(expected);
});

/** Arguments, code, and what the sentence must say: what is wrong, what is allowed, what to type. */
const REFUSED: [string, string, (string | RegExp)[]][] = [
  ['--thread 4', 'unknown-option', ["'--thread'", '--threads']],
  ['--thread=4', 'unknown-option', ["'--thread=4'", '--threads']],
  ['--scenarios x', 'unknown-option', ['--scenario;']],
  ['--arena 64', 'unknown-option', ['--arena-mib']],
  ['--no-json', 'unknown-option', ['--json']],
  ['--zzz', 'unknown-option', ['--help']],
  ['-t 4', 'unknown-option', ["'-t'", '--help']],
  ['--threads', 'missing-value', ['--threads', '--help']],
  ['16', 'unexpected-argument', ["'16'", 'npm run stress -- --threads 16']],
  ['-- x', 'unexpected-argument', ["'x'"]],

  ['--threads 0', 'bad-value', ["'0'", '1 to 256', '--threads 16']],
  ['--threads -4', 'bad-value', ["'-4'", '1 to 256']],
  ['--threads 257', 'bad-value', ["'257'", '1 to 256']],
  ['--threads 1e2', 'bad-value', ["'1e2'"]],
  ['--threads 8.5', 'bad-value', ["'8.5'"]],
  ['--threads NaN', 'bad-value', ["'NaN'"]],
  ['--threads=', 'bad-value', ["''"]],
  ['--threads --json', 'bad-value', ["'--json'"]],
  ['--threads 11 --scenario everything_at_once', 'too-few-threads', ['everything_at_once needs at least 12']],
  [
    '--threads 6 --scenario *_lost_* --scenario everything_at_once',
    'too-few-threads',
    ['everything_at_once needs at least 12', 'type --threads 12, or leave that scenario out'],
  ],
  ['--threads 4', 'too-few-threads', ['unread_events_overwritten', 'at least 5', '--threads 5']],
  ['--threads 6 --scenario everything*', 'too-few-threads', ['everything_at_once', '12', '--threads 12']],
  ['--threads 4 --revert exit_waits', 'too-few-threads', ['unread_events_overwritten']],

  ['--minutes 0', 'bad-value', ["'0'", 'more than 0', '--minutes 10']],
  ['--minutes -1', 'bad-value', ["'-1'"]],
  ['--minutes NaN', 'bad-value', ["'NaN'"]],
  ['--minutes Infinity', 'bad-value', ["'Infinity'"]],
  ['--minutes 1e9', 'bad-value', ["'1e9'"]],
  ['--minutes 10m', 'bad-value', ["'10m'"]],
  ['--minutes .', 'bad-value', ["'.'"]],
  ['--minutes 0.000001', 'bad-value', ["'0.000001'"]],
  ['--minutes 99999999', 'bad-value', ['24 days']],
  ['--duration 10', 'bad-value', ["'10'", 'ms, s, m or h', '90s']],
  ['--duration 0s', 'bad-value', ["'0s'"]],
  ['--duration -5s', 'bad-value', ["'-5s'"]],
  ['--duration 1.2.3s', 'bad-value', ["'1.2.3s'"]],
  ['--duration 5d', 'bad-value', ["'5d'"]],
  ['--duration 577h', 'bad-value', ['24 days']],
  ['--minutes 1 --duration 60s', 'contradiction', ['--minutes', '--duration', 'leave']],

  ['--scenario nothing_of_the_kind', 'unknown-name', ['--list', /nearest are \w+, \w+, \w+/]],
  ['--scenario migraton', 'unknown-name', ["'migraton'", '--scenario head_lost_in_page_migration']],
  ['--scenario overwriten*', 'unknown-name', ['--scenario unread_events_overwritten']],
  ['--scenario=', 'unknown-name', ["''"]],
  ['--scenario head_* --scenario tail_*', 'unknown-name', ["'tail_*'"]],

  ['--rcu tree', 'bad-value', ["'tree'", 'classic or preempt']],
  ['--build fixed', 'bad-value', ["'fixed'", 'both, patched or reverted']],
  ['--build revert', 'bad-value', ['--build reverted']],
  ['--revert exit_wait', 'unknown-name', ["'exit_wait'", '--revert exit_waits', ...REVERTIBLE]],
  ['--apply unmap_ring', 'unknown-name', ["'unmap_ring'", '--apply unmap_failed_ring', ...APPLICABLE]],
  ['--apply exit_waits', 'contradiction', ['v3.17 has that fix', '--revert exit_waits']],
  ['--revert unmap_failed_ring', 'contradiction', ['v3.17 lacks that fix', '--apply unmap_failed_ring']],
  ['--apply unmap_failed_ring --revert unmap_failed_ring', 'contradiction', ['v3.17 lacks that fix']],
  ['--apply unmap_failed_ring --build both', 'contradiction', ['--apply', '--build']],
  ['--revert exit_waits,', 'unknown-name', ["''"]],
  ['--revert constructor', 'unknown-name', ["'constructor'"]],
  ['--revert exit_waits --build both', 'contradiction', ['--revert', '--build']],
  ['--revert refcount_requests,track_ring_occupancy', 'contradiction', ['cannot be reverted together', '; type']],
  ['--revert refcount_requests --revert track_ring_occupancy', 'contradiction', ['cannot be reverted together']],

  ['--seed -1', 'bad-value', ["'-1'", '4294967295', '--seed 42']],
  ['--seed 4294967296', 'bad-value', ["'4294967296'"]],
  ['--seed 0x100000000', 'bad-value', ["'0x100000000'"]],
  ['--seed 1.5', 'bad-value', ["'1.5'"]],
  ['--seed 0x', 'bad-value', ["'0x'"]],

  ['--roles submiter=3,completer=1,kworker=2', 'unknown-name', ["'submiter'", 'submitter=3', ...ROLES]],
  ['--roles submitter', 'bad-value', ["''", 'submitter=1']],
  ['--roles submitter=0,completer=1,kworker=2', 'bad-value', ["'0'", 'submitter']],
  ['--roles submitter=x,completer=1,kworker=2', 'bad-value', ["'x'"]],
  ['--roles submitter=-1,completer=1,kworker=2', 'bad-value', ["'-1'"]],
  ['--roles completer=1,completer=2,kworker=2', 'contradiction', ['completer twice']],
  ['--roles submitter=4', 'bad-value', ['--roles submitter=4,completer=1,kworker=2']],
  ['--roles submitter=4,completer=2,kworker=1', 'bad-value', ['--roles submitter=4,completer=2,kworker=2']],
  ['--roles submitter=4,completer=2,kworker=2 --threads 16', 'contradiction', ['are 8', '--threads 8']],
  ['--roles submitter=300,completer=2,kworker=2', 'bad-value', ['304 threads', '256']],
  ['--roles submitter=1,completer=1,kworker=2', 'too-few-threads', ['4 threads', 'at least 5', '--roles']],

  ['--perturb hevy', 'bad-value', ["'hevy'", '--perturb heavy']],
  ['--sanitize memory', 'bad-value', ['address or none']],
  ['--arena-mib 15', 'bad-value', ['16 to 1024']],
  ['--arena-mib 1025', 'bad-value', ['16 to 1024']],
  ['--max-findings 0', 'bad-value', ['at least 1', '--max-findings 100']],
  ['--max-findings -1', 'bad-value', ["'-1'"]],
];
test.each(REFUSED)('%s is refused', (line, code, says) => {
  const error = refused(...line.split(' '));
  expect(error.code).toBe(code);
  for (const part of says) {
    if (typeof part === 'string') expect(error.message).toContain(part);
    else expect(error.message).toMatch(part);
  }
  // one sentence on one line, which ends in what to type next
  expect(error.message).not.toContain('\n');
  expect(error.message).toMatch(/\b(type|leave|which)\b/);
  expect(error.message).not.toMatch(/^error|\.$/);
});

describe('--output', () => {
  test('is made with the folders above it', () => {
    const at = join(folder, 'a', 'b', 'c');
    expect(parse('--output', at)).toMatchObject({ output: at });
    expect(existsSync(at)).toBe(true);
  });

  test('is not made where the rest of the line is wrong, or nothing is run', () => {
    const at = join(folder, 'never');
    expect(() => parse('--output', at, '--threads', '1')).toThrow(UsageError);
    expect(parse('--output', at, '--list').kind).toBe('list');
    expect(existsSync(at)).toBe(false);
  });

  test('that cannot be written is refused, with the reason', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(refused('--output', file)).toMatchObject({ code: 'output', message: expect.stringContaining('is a file') });
    expect(refused('--output', join(file, 'below', 'it')).message).toContain('is a file');
    expect(refused('--output', '').code).toBe('output');
    expect(refused('--output', join(folder, 'x'.repeat(300))).message).toContain('too long');
  });

  test.runIf(existsSync('/proc/self'))('below a folder that takes none comes back', () => {
    expect(refused('--output', '/proc/none/below').message).toContain('no folder can be made there');
  });
});

describe('what is asked for instead of a run', () => {
  test('--help names every option and prints nothing itself', () => {
    const parsed = parse('--help');
    if (parsed.kind !== 'help') throw new Error(parsed.kind);
    const options =
      'threads minutes duration scenario build revert seed roles perturb sanitize arena-mib list json output';
    for (const name of `${options} fail-fast max-findings help version`.split(' ')) {
      expect(parsed.text).toContain(`--${name}`);
    }
    for (const slug of SLUGS) expect(parsed.text).toContain(slug);
    expect(Math.max(...parsed.text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
  });

  test('--version', () => {
    expect(parse('--version')).toEqual({ kind: 'version' });
  });

  test('--list, of all or of those that match', () => {
    expect(parse('--list')).toEqual({ kind: 'list', scenarios: KNOWN.map((scenario) => scenario.name) });
    expect(parse('--list', '--scenario', '*_at_*')).toEqual({
      kind: 'list',
      scenarios: ['head_scribbled_at_shutdown', 'everything_at_once'],
    });
  });
});

describe('againLine', () => {
  test('is short where everything is a default', () => {
    expect(againLine({ ...run('--seed', '0x2a'), output: 'reports' })).toBe('--threads 16 --minutes 1 --seed 42');
  });

  test.each(TAKEN)('of %s gives the same run', (line) => {
    const first = run(...line.split(' '));
    expect(parse(...againLine(first).split(' '))).toEqual(first);
  });

  test('quotes what a shell would take apart', () => {
    expect(againLine({ ...run('--seed', '1'), output: "it's here" })).toBe(
      "--threads 16 --minutes 1 --seed 1 --output 'it'\\''s here'",
    );
  });
});

test('the nearest name is the one that shares a word, or else letters', () => {
  expect(nearest('migrate', ROLES, 1)).toEqual(['migrator']);
  expect(nearest('Submitters', ROLES, 1)).toEqual(['submitter']);
  expect(nearest('occupancy', SLUGS, 1)).toEqual(['track_ring_occupancy']);
  expect(nearest('', ROLES)).toHaveLength(3);
});

test('a scenario that is reserved runs only where its whole name is given', () => {
  expect(run().scenarios).not.toContain('steady_load');
  expect(run('--scenario', '*_*').scenarios).not.toContain('steady_load');
  expect(run('--scenario', 'steady_load').scenarios).toEqual(['steady_load']);
});

test('--shard takes a part of the seeds', () => {
  expect(run().shard).toBeNull();
  expect(run('--shard', '2/4').shard).toEqual({ index: 2, of: 4 });
  for (const bad of ['0/4', '5/4', '1', '1/', 'a/b', '1/4097', '-1/4']) {
    expect(refused('--shard', bad).message, bad).toContain('--shard 1/4');
  }
});

test('--threshold is read at once, and kept as typed', () => {
  const text = 'throughput.events > 1e5/s';
  expect(run('--threshold', text, '--threshold', 'latency.io_submit.p99 < 1ms').thresholds).toEqual([
    text,
    'latency.io_submit.p99 < 1ms',
  ]);
  expect(refused('--threshold', 'throughput.event > 1').code).toBe('bad-value');
});

test('--reporter and --sweep', () => {
  expect(run('--reporter', 'junit,csv').reporters).toEqual(['junit', 'csv']);
  expect(refused('--reporter', 'junti').message).toContain('junit');
  expect(run().sweep).toBeNull();
  expect(run('--sweep', 'threads=1,4,2').sweep).toEqual([1, 2, 4]);
  expect(refused('--sweep', 'threads=1,2', '--threads', '4').code).toBe('contradiction');
});

test('what is not the default is in the line that runs it again', () => {
  const line = againLine(
    run('--shard', '1/2', '--threshold', 'throughput.events > 1e5/s', '--reporter', 'json', '--seed', '1'),
  );
  expect(line).toContain("--reporter json --threshold 'throughput.events > 1e5/s' --shard 1/2");
  expect(againLine(run('--sweep', 'threads=1,2', '--seed', '1'))).toMatch(
    /^--minutes 1 --seed 1 .*--sweep threads=1,2$/,
  );
});
