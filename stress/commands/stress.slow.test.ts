// SPDX-License-Identifier: GPL-2.0-only
/** Runs as they are typed that take their time: interrupted at all moments, robbed of their folder, explained. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sleep } from 'zx';
import { scratchFolder, typed$ } from '../../src/testing/typed.ts';
import { loadRun } from '../log/load.ts';
import type { ReplayResult } from '../run/replay.ts';
import { MAIN, runsIn } from './stress.test-data.ts';

const output = scratchFolder();
const { SMALL, measuring, reportOf, reports } = runsIn(output);

/** Signals a run that has begun, now and after each pause (ms) until it has ended. */
async function interrupted(args: readonly string[], signals: readonly NodeJS.Signals[], pauseMs: number) {
  const before = reports();
  const running = typed$`exec node ${MAIN} ${args} --output ${output}`;
  await measuring(before);
  const ended = running.then(() => true);
  for (const signal of signals) {
    running.child?.kill(signal);
    if (await Promise.race([ended, sleep(pauseMs).then(() => false)])) break;
  }
  const { exitCode, stdout, stderr } = await running;
  const [folder = ''] = reports().filter((name) => !before.includes(name));
  return { exitCode, stdout, stderr, folder };
}

const AGAIN = Array.from({ length: 20 }, () => 'SIGINT' as const);

test.each([
  ['twice, while the report is made', ['SIGINT', 'SIGINT'], 600, 130],
  ['again and again', AGAIN, 250, 130],
  ['by SIGINT, SIGINT and SIGTERM', ['SIGINT', 'SIGINT', 'SIGTERM'], 1150, 130],
  ['by the terminal, which goes away', ['SIGHUP'], 0, 129],
] as const)(
  'a run that is interrupted %s has a whole report',
  async (_, signals, pauseMs, code) => {
    const { exitCode, stdout, stderr, folder } = await interrupted(
      [...SMALL, '--duration', '10m', '--seed', '8'],
      signals,
      pauseMs,
    );
    expect({ exitCode, stderr: /Error/.test(stderr) }).toEqual({ exitCode: code, stderr: false });
    expect(stdout).toMatch(new RegExp(`--- End of test: INTERRUPTED: .*\\(exit ${code}\\)\n$`));
    expect(reportOf(folder)).toMatchObject({ verdict: 'interrupted', exitCode: code });
    expect(readFileSync(join(output, folder, 'report.html'), 'utf8').trimEnd()).toMatch(/<\/html>$/);
    expect(loadRun(join(output, folder)).result).toEqual(reportOf(folder));
  },
  120_000,
);

test('so has one of the deterministic engine, and one that explains what it has found', async () => {
  const before = reports();
  const det = typed$`exec node ${MAIN} --engine det --minutes 10 --seed 3 --output ${output}`;
  while (!reports().some((name) => !before.includes(name))) await sleep(100);
  await sleep(2000);
  det.child?.kill('SIGINT');
  await sleep(1150);
  det.child?.kill('SIGINT');
  expect((await det).exitCode).toBe(130);

  const args = ['--engine', 'det', '--build', 'reverted', '--schedules', '20', '--seed', '3'];
  const explaining = typed$`exec node ${MAIN} ${args} --explain-seconds 600 --output ${output}`;
  for await (const line of explaining.stderr) if (String(line).includes('explaining')) break;
  explaining.child?.kill('SIGINT');
  await sleep(1150);
  explaining.child?.kill('SIGTERM');
  const { exitCode, stdout } = await explaining;
  expect(exitCode).toBe(130);
  expect(stdout).toContain('[SURFACED] ');
  const made = reports().filter((name) => !before.includes(name));
  expect(made.map((name) => reportOf(name).verdict)).toEqual(['interrupted', 'interrupted']);
}, 120_000);

test('a folder that is taken away meanwhile costs the log only', async () => {
  const before = reports();
  const running = typed$`exec node ${MAIN} ${SMALL} --duration 6s --seed 11`;
  await measuring(before);
  const [folder = ''] = reports().filter((name) => !before.includes(name));
  rmSync(join(output, folder), { recursive: true });
  const { exitCode, stdout, stderr } = await running;
  expect(exitCode).toBe(6);
  expect(stdout).toMatch(/--- End of test: PASSED/);
  expect(stderr).toContain(
    `The log '${join(output, folder, 'events.ndjson')}' is not whole: it was taken away meanwhile.`,
  );
  expect(stderr).not.toContain('report -- render');
  expect(reportOf(folder).throughput.events).toBeGreaterThan(0);
}, 120_000);

test('what free threads have found is explained by a schedule, which shows it again', async () => {
  const before = reports();
  const { exitCode } =
    await typed$`node ${MAIN} --revert wait_for_requests --threads 6 --duration 4s --seed 9 --output ${output}`;
  const [folder = ''] = reports().filter((name) => !before.includes(name));
  expect(exitCode).toBe(0);
  const findings = reportOf(folder).scenarios.flatMap((scenario) => scenario.findings);
  const finding = findings.find(({ explained }) => explained?.explanation != null);
  expect(finding?.explained?.outcome).toMatch(/^found by schedule \d+ of buffer_written_after_destroy_small/);
  const { schedule = '', diagram } = finding?.explained?.explanation ?? {};
  expect(diagram?.rows.some(({ truth }) => truth)).toBe(true);

  const replay = await typed$`node ${MAIN} --replay ${schedule}`;
  expect(replay.exitCode).toBe(2);
  expect(replay.stdout).toContain(finding?.title);
  const again = await typed$`node ${MAIN} --replay ${schedule} --json`;
  expect(again.stderr).toBe(replay.stdout);
  const replayed = JSON.parse(again.stdout) as ReplayResult;
  expect(replayed).toMatchObject({ verdict: 'forbidden', exitCode: 2, interrupted: false, notes: [] });
  expect(replayed.scenario.findings[0]?.explained?.explanation).toMatchObject({ schedule });
}, 120_000);
