// SPDX-License-Identifier: GPL-2.0-only
/** What is typed, and what is said where nothing can be made of it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { UsageError } from '../cli/usage_error.ts';
import { parseSoak, type SoakOptions } from './soak_options.ts';
import { againOf } from './soak_text.ts';

const output = mkdtempSync(join(tmpdir(), 'soak-options-'));
afterAll(() => rmSync(output, { recursive: true }));

function parse(line: string): SoakOptions {
  const parsed = parseSoak(['--output', output, ...line.split(' ').filter((word) => word !== '')]);
  if (typeof parsed === 'string') throw new Error('help');
  return parsed;
}

test('without arguments every default is filled in', () => {
  const { seed, ...rest } = parse('');
  expect(rest).toEqual({
    durationMs: 3_600_000,
    runMs: 600_000,
    threads: 16,
    budgetBytes: 8 * 2 ** 30,
    keep: 5,
    rerun: 5,
    shard: null,
    output,
    passOn: [],
  });
  expect(seed).not.toBe(parse('').seed);
});

test.each<[string, Partial<SoakOptions>]>([
  ['--hours 8', { durationMs: 8 * 3_600_000, runMs: 600_000 }],
  ['--minutes 0.1', { durationMs: 6000, runMs: 6000 }],
  ['--minutes 90 --run-minutes 2.5', { durationMs: 5_400_000, runMs: 150_000 }],
  ['--threads 5 --keep 0 --rerun 0 --seed 0x2a', { threads: 5, keep: 0, rerun: 0, seed: 42 }],
  ['--disk-gib 0.5', { budgetBytes: 2 ** 29 }],
  ['--shard 2/4', { shard: '2/4' }],
  [
    '--keep 2 -- --scenario head_* --perturb heavy',
    { keep: 2, passOn: ['--scenario', 'head_*', '--perturb', 'heavy'] },
  ],
])('%s', (line, options) => {
  expect(parse(line)).toMatchObject(options);
});

test.each([
  ['--hour 8', "'--hour'", '--hours'],
  ['--scenario head_*', "'--scenario'", 'behind a --'],
  ['8', "'8'", '--hours 8'],
  ['--hours', '--hours needs a value', '--help'],
  ['--hours 0', "'0'", '--hours 8'],
  ['--hours 8 --minutes 1', '--hours and --minutes', 'leave --minutes out'],
  ['--minutes 1m', "'1m'", '--minutes 90'],
  ['--run-minutes -1', "'-1'", '--run-minutes 10'],
  ['--threads 0', "'0'", '--threads 16'],
  ['--disk-gib none', "'none'", '--disk-gib 8'],
  ['--keep -1', "'-1'", '--keep 5'],
  ['--seed -1', "'-1'", '--seed 42'],
  ['--shard 0/4', "'0/4'", '--shard 1/4'],
  ['--shard 5/4', "'5/4'", '--shard 1/4'],
  ['-- --seed=7', '--seed cannot be passed on', '--help'],
  ['-- --sweep threads=1,2', '--sweep cannot be passed on', 'npm run stress'],
])('%s is refused, with what is wrong and what to type', (line, wrong, type) => {
  expect(() => parse(line)).toThrow(UsageError);
  expect(() => parse(line)).toThrow(wrong);
  expect(() => parse(line)).toThrow(type);
});

test('--help names every option and the exit codes', () => {
  const text = parseSoak(['--help']) as string;
  for (const name of 'hours minutes run-minutes threads disk-gib keep seed rerun shard output'.split(' ')) {
    expect(text).toContain(`--${name}`);
  }
  expect(text).toContain('3 hang');
});

test('the line that runs it again does so', () => {
  const first = parse('--minutes 90 --run-minutes 2.5 --shard 2/4 --disk-gib 0.5 -- --scenario head_lost --json');
  expect(parseSoak(againOf(first).split(' '))).toEqual(first);
  expect(againOf({ ...first, passOn: ['--scenario', 'head_*'] })).toMatch(/-- --scenario 'head_\*'$/);
});
