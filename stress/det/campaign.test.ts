// SPDX-License-Identifier: GPL-2.0-only
/** `--engine det` and `--replay` as they are typed. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { $ } from 'zx';
import type { RunResult } from '../result/run_result.ts';

const MAIN = join(import.meta.dirname, '../../dist/stress/commands/stress.js');
const LEAKY = join(MAIN, '../../det/search/leaky.test-data.js');
const output = mkdtempSync(join(tmpdir(), 'kioctx-det-'));
afterAll(() => rmSync(output, { recursive: true, force: true }));

const run$ = $({ nothrow: true, quiet: true, env: { ...process.env, NO_COLOR: '1' } });
const SCENARIO = ['--scenario', 'buffer_written_after_destroy_small'];
const DET = [
  '--engine',
  'det',
  ...SCENARIO,
  '--output',
  output,
  '--seed',
  '5',
  '--explain-seconds',
  '0',
  '--reporter',
  'json',
];

/** What does not depend on how fast it went. */
const essence = ({ scenarios }: RunResult): unknown =>
  scenarios.map(({ name, schedules, operations, findings }) => ({
    name,
    schedules,
    operations,
    found: findings.map(({ kind, title, where, schedule }) => [kind, title, where, schedule]),
  }));

test('a seed shows the same again, and each finding has the schedule that shows it', async () => {
  const one = await run$`node ${MAIN} ${DET} --schedules 6 --json`;
  const other = await run$`node ${MAIN} ${DET} --schedules 6 --json`;
  const result = JSON.parse(one.stdout) as RunResult;
  expect(essence(JSON.parse(other.stdout) as RunResult)).toEqual(essence(result));
  expect(one.exitCode).toBe(0);
  expect(result.scenarios.map(({ schedules }) => schedules?.schedules)).toEqual([expect.any(Number), 6]);
  expect(result.environment.memoryModel).toBe('simulated, sequentially consistent: every store is seen at once');
  expect(one.stderr).toMatch(/6 schedules \(\d different\), [\d,]+ steps each/);

  const [folder = ''] = readdirSync(output);
  const [finding = ''] = readdirSync(join(output, folder, 'findings'));
  const file = join(output, folder, 'findings', finding, 'schedule.json');
  expect(existsSync(file)).toBe(true);
  const word = /--replay (kx1:[\w-]+)/.exec(
    readFileSync(join(output, folder, 'findings', finding, 'report.txt'), 'utf8'),
  )?.[1];
  const fromFile = await run$`node ${MAIN} --replay ${file}`;
  const fromWord = await run$`node ${MAIN} --replay ${word}`;
  expect(fromFile.exitCode).toBe(2);
  expect(fromFile.stdout).toContain(result.scenarios[0]?.findings[0]?.title ?? 'no title');
  expect([fromWord.stdout, fromWord.exitCode]).toEqual([fromFile.stdout, 2]);
}, 120_000);

test('schedules that are all cut off are inconclusive', async () => {
  const { exitCode, stdout } = await run$`node ${MAIN} ${DET} --build patched --schedules 2 --max-steps 100`;
  expect(exitCode).toBe(4);
  expect(stdout).toContain('no schedule came to its end in buffer_written_after_destroy_small (patched)');
  expect(stdout).toContain('2 cut off at their last step, which say nothing');
}, 60_000);

test('an exhaustive search says how far it got', async () => {
  const dfs = ['--build', 'patched', '--scheduler', 'dfs', '--schedules', '4'];
  const { stdout } = await run$`node ${MAIN} ${DET} ${dfs}`;
  expect(stdout.replace(/\s+/g, ' ')).toContain(
    'the only schedule within 0 deviations explored; 3 schedules of those within 1 deviation explored',
  );
  const free = await run$`node ${MAIN} ${DET} ${dfs} --preemptions 0`;
  expect(free.stdout).toContain('4 schedules of those within 0 preemptions explored');
}, 60_000);

test('a seed that gives two schedules is exit 6, and the step is named', async () => {
  const leak = ['--import', LEAKY];
  const { exitCode, stdout } = await run$`node ${leak} ${MAIN} ${DET} --build patched --schedules 3`;
  expect(exitCode).toBe(6);
  expect(stdout).toMatch(
    /the harness failed: a seed gave two schedules of \w+_small: at step \d+, cpu \d \w+ \S+.* the first time and .* the second time/,
  );
  const blind = await run$`node ${leak} ${MAIN} ${DET} --build patched --schedules 2 --self-check off`;
  expect([blind.exitCode, blind.stdout]).toEqual([0, expect.stringContaining('2 schedules (2 different)')]);
}, 60_000);

test('a schedule that cannot be read is refused in a sentence', async () => {
  const { exitCode, stdout, stderr } = await run$`node ${MAIN} --replay kx1:AAAA`;
  expect([exitCode, stdout]).toEqual([1, '']);
  expect(stderr.trim().split('\n')).toEqual([expect.stringMatching(/^--replay: the schedule is cut off, /)]);
});
