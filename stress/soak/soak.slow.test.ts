// SPDX-License-Identifier: GPL-2.0-only
/** Soaks of some runs: what they leave, with which exit code, and what an interrupt or a full disk leaves. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sleep } from 'zx';
import { scratchFolder, typed$ } from '../../src/testing/typed.ts';
import { loadRun } from '../log/load.ts';
import { seedOf } from './budget.ts';
import { hasRound, LOAD, MAIN, soakIn } from './soak.test-data.ts';

const output = scratchFolder();
const summary = join(output, 'step_summary.md');
const soak$ = typed$({ env: { ...process.env, NO_COLOR: '1', GITHUB_STEP_SUMMARY: summary } });

test('runs with one seed after the other become one report, and what is not worth its room is gone', async () => {
  const folder = join(output, 'whole');
  const args = ['--minutes', '0.1', '--run-minutes', '0.02', '--threads', '3', '--seed', '7', '--keep', '1'];
  const { exitCode, stdout, stderr } = await soak$`exec node ${MAIN} ${args} --output ${folder} -- ${LOAD}`;
  const { at, soak } = soakIn(folder);
  expect(exitCode).toBe(soak.exitCode);
  expect(soak).toMatchObject({ schemaVersion: 1, interrupted: false, seed: 7, merged: 'merged', leftOut: 0 });

  const own = soak.runs.filter(({ rerunOf }) => rerunOf === null);
  expect(own.map(({ seed }) => seed)).toEqual(own.map((_, n) => seedOf(7, n)));
  expect(soak.runs.filter(({ kept }) => kept === 'whole')).toHaveLength(1);
  for (const { folder: name, kept } of soak.runs.filter((run) => run.folder !== null)) {
    const run = join(at, 'runs', name ?? '');
    expect(existsSync(run)).toBe(kept !== 'nothing');
    if (kept === 'log') expect(readdirSync(run)).toEqual(['events.ndjson']);
    if (kept === 'whole') expect(readdirSync(run)).toContain('report.json');
  }

  const merged = loadRun(join(at, 'merged')).result;
  expect(merged.merged.map(({ seed }) => seed)).toEqual(own.map(({ seed }) => seed));
  expect(merged.scenarios[0]?.rounds).toBe(own.reduce((sum, { rounds }) => sum + rounds, 0));
  expect(readdirSync(join(at, 'merged'))).toContain('report.md');
  expect(stdout).toMatch(/^npm run soak -- --minutes 0\.1 --run-minutes 0\.02 --threads 3 --seed 7 --keep 1/);
  expect(stderr.match(/^\[.*run \d+ {2}seed \d+/gm)).toHaveLength(soak.runs.length);
  // One summary, of the whole; the runs write none.
  expect(readFileSync(summary, 'utf8').match(/^# /gm)).toEqual(['# ']);
}, 120_000);

test('a seed that fails is run again, the rate is stated, and the failures are not counted twice', async () => {
  const folder = join(output, 'failing');
  const args = ['--minutes', '3', '--run-minutes', '0.02', '--threads', '3', '--seed', '9', '--rerun', '2'];
  const broken = ['--threshold', 'throughput.events > 1e12/s'];
  const running = soak$`exec node ${MAIN} ${args} --output ${folder} -- ${LOAD} ${broken}`;
  await new Promise<void>((resolve) => {
    running.stderr.on('data', (text) => /again \(run 1\)/.test(String(text)) && resolve());
  });
  running.child?.kill('SIGTERM');
  const { exitCode, stdout } = await running;
  expect(exitCode).toBe(143);
  const { at, soak } = soakIn(folder);
  expect(soak.rates[0]).toMatchObject({ run: 1, seed: seedOf(9, 0) });
  for (const { run, seed, runs, failed } of soak.rates) {
    const again = soak.runs.filter(({ rerunOf, verdict }) => rerunOf === run && verdict === 'threshold');
    expect(again.every((repeated) => repeated.seed === seed)).toBe(true);
    expect(runs).toBe(1 + again.length);
    expect(failed).toBe(runs);
    expect(stdout).toContain(`seed ${seed} (run ${run}): fail=${runs} (100.0%), pass=0 (0.0%) of ${runs} runs`);
  }
  const own = soak.runs.filter(({ rerunOf }) => rerunOf === null).map(({ seed }) => seed);
  expect(loadRun(join(at, 'merged')).result.merged.map(({ seed }) => seed)).toEqual(own);
}, 120_000);

test('an interrupt ends the run under way, and all that was run becomes a report', async () => {
  const folder = join(output, 'interrupted');
  const args = ['--hours', '1', '--threads', '3', '--seed', '8'];
  const running = soak$`exec node ${MAIN} ${args} --output ${folder} -- ${LOAD}`;
  while (!hasRound(folder)) await sleep(100);
  running.child?.kill('SIGTERM');
  const { exitCode } = await running;
  expect(exitCode).toBe(143);
  const { at, soak } = soakIn(folder);
  expect(soak).toMatchObject({ interrupted: true, exitCode: 143, ended: expect.stringContaining('SIGTERM') });
  expect(soak.runs.map(({ verdict }) => verdict)).toEqual(['interrupted']);
  expect(loadRun(join(at, 'merged')).result.interrupted).toBe(true);
}, 120_000);

test('where the disk takes no pages the soak goes on, says what is missing, and has its own report', async () => {
  const folder = join(output, 'full');
  const args = ['--minutes', '1', '--run-minutes', '0.02', '--threads', '3', '--seed', '11', '--rerun', '0'];
  const limited = 'ulimit -f 500; exec "$0" "$@"';
  const { exitCode, stdout, stderr } =
    await soak$`bash -c ${limited} node ${MAIN} ${args} --output ${folder} -- ${LOAD}`;
  expect(exitCode).toBe(6);
  const { at, soak } = soakIn(folder);
  expect(soak).toMatchObject({ exitCode: 6, merged: 'merged', ended: expect.stringContaining('3 times in a row') });
  expect(soak.runs.map(({ verdict, kept }) => [verdict, kept])).toEqual(Array(3).fill(['harness', 'whole']));
  expect(soak.runs[0]?.reason).toMatch(/; not all of it could be written$/);
  expect(soak.runs.every(({ rounds }) => rounds > 0)).toBe(true);
  expect(stdout).toContain('the merged report is of 3 runs');
  expect(stderr).toContain(`not written: ${join(at, 'merged', 'report.html')}: it would be larger than this process`);
  expect(stderr).toContain(`when that is mended, this makes them: npm run report -- render ${join(at, 'merged')}`);
  expect(stderr).not.toMatch(/^ {4}at /m);
  expect(existsSync(join(at, 'soak.md'))).toBe(true);
}, 120_000);

test('what a run has found is said, though its folder is lost', async () => {
  const folder = join(output, 'lost');
  const args = ['--minutes', '0.1', '--run-minutes', '0.1', '--threads', '3', '--seed', '12', '--rerun', '0'];
  const running = soak$`exec node ${MAIN} ${args} --output ${folder} -- ${LOAD}`;
  while (!hasRound(folder)) await sleep(50);
  rmSync(join(folder, readdirSync(folder)[0] ?? '', 'runs'), { recursive: true });
  const { exitCode, stderr } = await running;
  expect(exitCode).toBe(6);
  const { soak } = soakIn(folder);
  expect(soak.runs[0]).toMatchObject({ verdict: 'harness', folder: null, kept: 'nothing' });
  expect(soak.runs[0]?.rounds).toBeGreaterThan(0);
  expect(stderr).toContain('--- End of test: PASSED: 1 scenarios showed nothing on the patched build (exit 0)');
}, 120_000);
