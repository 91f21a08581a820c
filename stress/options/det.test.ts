// SPDX-License-Identifier: GPL-2.0-only
/** What is typed for the deterministic engine. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ARENA_MIB_MAX } from '../../src/arch/sab/memory.ts';
import { OLDER_VALUES_WORDS } from '../../src/det/older_values.ts';
import { storeBufferWords } from '../../src/det/store_buffer.ts';
import { UsageError } from '../cli/usage_error.ts';
import { ARENA_WITH_MODEL_MIB, detOptions } from './det.ts';
import type { Options } from './options.ts';
import { parseOptions } from './parse.test-data.ts';
import { againLine } from './stress_options.ts';
import { THREADS_MAX } from './table.ts';

const output = mkdtempSync(join(tmpdir(), 'options-det-'));
afterAll(() => rmSync(output, { recursive: true }));

const KNOWN = [
  { name: 'head_lost', minThreads: 6, onlyByName: false, fixedBy: [] },
  { name: 'head_lost_small', minThreads: 4, onlyByName: true, fixedBy: [] },
  { name: 'quota_small', minThreads: 5, onlyByName: true, fixedBy: [] },
];

function run(...argv: string[]): Options {
  const parsed = parseOptions(['--output', output, ...argv], KNOWN);
  if (parsed.kind !== 'run') throw new Error(`not a run but ${parsed.kind}`);
  return parsed;
}

function refused(...argv: string[]): string {
  try {
    run(...argv);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return 'taken';
}

test('the engine takes the small scenarios, each as wide as it needs', () => {
  const { det, scenarios, threads, arenaMib, perturb } = run('--engine', 'det');
  expect(scenarios).toEqual(['head_lost_small', 'quota_small']);
  expect(det).toEqual(detOptions({ engine: 'det' }));
  expect({ threads, arenaMib, perturb }).toEqual({ threads: 5, arenaMib: 16, perturb: 'none' });
});

test('any scenario can be named, by a glob as well', () => {
  expect(run('--engine', 'det', '--scenario', 'head_*').scenarios).toEqual(['head_lost', 'head_lost_small']);
});

test('what runs it again is read as the same', () => {
  const argv = ['--engine', 'det', '--scheduler', 'pct', '--memory', 'weak', '--depth', '4', '--self-check', 'off'];
  const first = run(...argv, '--schedules', '500', '--max-steps', '9000', '--seed', '3');
  expect(againLine(first)).toContain('--schedules 500');
  expect(againLine(first)).not.toMatch(/--threads|--duration|--minutes/);
  expect(run(...againLine(first).split(' '))).toEqual(first);
  const searches = [['--preemptions', '2'], ['--preemptions', '0'], ['--deviations', '1'], ['--deviations', '2'], []];
  for (const bound of searches) {
    const search = run('--engine', 'det', '--scheduler', 'dfs', ...bound, '--seed', '3');
    expect(run(...againLine(search).split(' '))).toEqual(search);
  }
  const second = run('--engine', 'det', '--threads', '7', '--seed', '3');
  expect(run(...againLine(second).split(' '))).toEqual(second);
});

test('options of one engine are refused by the other', () => {
  expect(refused('--depth', '4')).toBe(
    '--depth is for the deterministic engine and the engine is native; type --engine det --depth …, or leave it out',
  );
  expect(refused('--engine', 'det', '--sweep', 'threads=1,2')).toBe(
    '--sweep is for free threads and the engine is det; leave --sweep out, or --engine det',
  );
  expect(refused('--engine', 'det', '--schedules', '5', '--minutes', '1')).toMatch(/contradict each other/);
  expect(refused('--engine', 'dot')).toMatch(/^--engine is native or det, not 'dot'/);
  expect(refused('--engine', 'det', '--memory', 'x86')).toMatch(/^--memory is sc, tso or weak, not 'x86'/);
});

test('what cannot be had under a memory model is refused', () => {
  expect(refused('--engine', 'det', '--memory', 'tso', '--scheduler', 'dfs')).toBe(
    '--scheduler dfs runs all orders of accesses but not all delays of stores, so --memory sc is allowed and tso is ' +
      'not; type --memory sc, or another scheduler',
  );
  expect(refused('--engine', 'det', '--memory', 'weak', '--arena-mib', '1024')).toBe(
    '--memory weak keeps stores that are under way behind the arena, which may have 1020 MiB then, not 1024; ' +
      'type --arena-mib 1020, or less',
  );
  expect(run('--engine', 'det', '--arena-mib', '1024').arenaMib).toBe(1024);
  expect(run('--engine', 'det', '--memory', 'weak', '--arena-mib', '1020').arenaMib).toBe(1020);
  expect(refused('--engine', 'det', '--preemptions', '1', '--deviations', '1')).toMatch(/contradict each other/);
});

test('behind the largest arena there is room for a memory model of as many CPUs as there may be', () => {
  const words = storeBufferWords(THREADS_MAX + 1) + THREADS_MAX + 1 + OLDER_VALUES_WORDS;
  expect(words).toBeLessThanOrEqual((ARENA_MIB_MAX - ARENA_WITH_MODEL_MIB) * 2 ** 18);
});

test('a replay needs nothing else', () => {
  expect(parseOptions(['--replay', 'kx1:abc'], KNOWN)).toEqual({
    kind: 'replay',
    schedule: 'kx1:abc',
    json: false,
  });
});
