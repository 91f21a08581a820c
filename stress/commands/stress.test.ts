// SPDX-License-Identifier: GPL-2.0-only
/** The command as it is typed: exit codes, what goes to which stream, and what an interrupt leaves behind. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { $, sleep } from 'zx';
import { loadRun } from '../log/load.ts';
import type { RunResult } from '../result/run_result.ts';
import type { ReplayResult } from '../run/replay.ts';
import { SCENARIOS } from '../scenarios/index.ts';

const MAIN = join(import.meta.dirname, '../../dist/stress/commands/stress.js');
const REPORT = join(import.meta.dirname, '../../dist/stress/commands/report.js');
const output = mkdtempSync(join(tmpdir(), 'kioctx-'));
afterAll(() => rmSync(output, { recursive: true, force: true }));

const run$ = $({ nothrow: true, quiet: true, env: { ...process.env, NO_COLOR: '1' } });
/** The smallest run there is: one scenario, on the build that should show nothing. */
const SMALL = ['--scenario', 'unread_events_overwritten', '--build', 'patched', '--threads', '4', '--output', output];

const reports = (): string[] => readdirSync(output);
const reportOf = (folder: string): RunResult =>
  JSON.parse(readFileSync(join(output, folder, 'report.json'), 'utf8')) as RunResult;

/** Waits until a run that is not among `before` has written down that events were reaped. */
async function measuring(before: readonly string[]): Promise<void> {
  for (;;) {
    const [folder] = reports().filter((name) => !before.includes(name));
    const log = folder === undefined ? '' : join(output, folder, 'events.ndjson');
    if (existsSync(log) && /"reaped":[1-9]/.test(readFileSync(log, 'utf8'))) return;
    await sleep(100);
  }
}

test('--list names every scenario', async () => {
  const { exitCode, stdout, stderr } = await run$`node ${MAIN} --list`;
  expect(exitCode).toBe(0);
  expect(stderr).toBe('');
  for (const { name } of SCENARIOS) expect(stdout).toContain(name);
});

test('--help ends with 0 and says what the exit codes mean', async () => {
  const { exitCode, stdout } = await run$`node ${MAIN} --help`;
  expect(exitCode).toBe(0);
  expect(stdout).toContain('Exit codes');
});

test('a wrong option ends with 1, one line on stderr, and nothing on stdout', async () => {
  const { exitCode, stdout, stderr } = await run$`node ${MAIN} --thread 4`;
  expect(exitCode).toBe(1);
  expect(stdout).toBe('');
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(stderr).toContain('--threads');
});

test('--json leaves nothing but the result on stdout; the exit code, and what was left out, are in it', async () => {
  const more = ['--scenario', 'every*'];
  const { exitCode, stdout, stderr } = await run$`node ${MAIN} ${SMALL} ${more} --duration 2s --seed 5 --json`;
  const result = JSON.parse(stdout) as RunResult;
  expect(stderr).toContain('left out with 4 threads: everything_at_once (needs 9)\n');
  expect(result.parameters.leftOut).toEqual([{ scenario: 'everything_at_once', threads: 9 }]);
  expect(result.parameters.seed).toBe(5);
  expect(result.exitCode).toBe(exitCode);
  expect(result.scenarios.map(({ name }) => name)).toEqual(['unread_events_overwritten']);
  expect(reports()).toHaveLength(1);
  // What was printed, what was written and what the log says are the same.
  expect(reportOf(reports()[0] ?? '')).toEqual(result);
  expect(loadRun(join(output, reports()[0] ?? '')).result).toEqual(result);
}, 60_000);

test('an interrupt ends the run early, with 130 and the report so far', async () => {
  const before = reports();
  // exec: the signal is for node, not for a shell around it.
  const running = run$`exec node ${MAIN} ${SMALL} --duration 10m --seed 6`;
  await measuring(before);
  running.child?.kill('SIGINT');
  const { exitCode } = await running;
  const [folder = ''] = reports().filter((name) => !before.includes(name));
  expect(exitCode).toBe(130);
  expect(reportOf(folder).interrupted).toBe(true);
}, 120_000);

/** Signals a run that has begun, now and after each pause (ms) until it has ended. */
async function interrupted(args: readonly string[], signals: readonly NodeJS.Signals[], pauseMs: number) {
  const before = reports();
  const running = run$`exec node ${MAIN} ${args} --output ${output}`;
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
  const det = run$`exec node ${MAIN} --engine det --minutes 10 --seed 3 --output ${output}`;
  while (!reports().some((name) => !before.includes(name))) await sleep(100);
  await sleep(2000);
  det.child?.kill('SIGINT');
  await sleep(1150);
  det.child?.kill('SIGINT');
  expect((await det).exitCode).toBe(130);

  const args = ['--engine', 'det', '--build', 'reverted', '--schedules', '20', '--seed', '3'];
  const explaining = run$`exec node ${MAIN} ${args} --explain-seconds 600 --output ${output}`;
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

test('what the disk does not take has been printed, and is named; findings come before pages', async () => {
  const before = reports();
  // Pages are larger than that.
  const limited = 'ulimit -f 500; exec "$0" "$@"';
  const args = ['--revert', 'wait_for_requests', '--threads', '4', '--duration', '3s', '--explain-seconds', '0'];
  const { exitCode, stdout, stderr } = await run$`bash -c ${limited} node ${MAIN} ${args} --seed 9 --output ${output}`;
  const [folder = ''] = reports().filter((name) => !before.includes(name));
  expect(exitCode).toBe(6);
  expect(stdout).toContain('[SURFACED] buffer_written_after_destroy');
  expect(stdout).toMatch(/--- End of test: PASSED: .*\(exit 0\)\n$/);
  expect(readdirSync(join(output, folder, 'findings')).length).toBeGreaterThan(0);
  expect(stderr).toContain(
    `not written: ${join(output, folder, 'report.html')}: it would be larger than this process may write (ulimit -f)`,
  );
  expect(stderr).toContain('the exit code is 6: not all could be written');
  expect(stderr).not.toMatch(/^ {4}at /m);
}, 120_000);

test('a folder that is taken away meanwhile costs the log only', async () => {
  const before = reports();
  const running = run$`exec node ${MAIN} ${SMALL} --duration 6s --seed 11`;
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

test('whatever kills a run, its log tells what it had measured', async () => {
  const before = reports();
  const running = run$`exec node ${MAIN} ${SMALL} --duration 10m --seed 7`;
  await measuring(before);
  running.child?.kill('SIGKILL');
  await running;
  const [folder = ''] = reports().filter((name) => !before.includes(name));
  expect(readdirSync(join(output, folder))).toEqual(['events.ndjson']);
  const log = readFileSync(join(output, folder, 'events.ndjson'));

  const { exitCode } = await run$`node ${REPORT} render ${join(output, folder)}`;
  expect(exitCode).toBe(0);
  const { verdict, interrupted, throughput, scenarios, locks, reason } = reportOf(folder);
  expect([verdict, interrupted]).toEqual(['interrupted', true]);
  expect(reason).toContain('killed');
  expect(scenarios[0]?.rounds).toBeGreaterThan(0);
  expect(throughput.events).toBe(scenarios[0]?.operations['reaped']);
  expect(locks.map((lock) => lock.class)).toContain('completion_lock');
  // A render never touches the log.
  expect(readFileSync(join(output, folder, 'events.ndjson')).equals(log)).toBe(true);
}, 120_000);

test('what free threads have found is explained by a schedule, which shows it again', async () => {
  const before = reports();
  const { exitCode } =
    await run$`node ${MAIN} --revert wait_for_requests --threads 6 --duration 4s --seed 9 --output ${output}`;
  const [folder = ''] = reports().filter((name) => !before.includes(name));
  expect(exitCode).toBe(0);
  const findings = reportOf(folder).scenarios.flatMap((scenario) => scenario.findings);
  const finding = findings.find(({ explained }) => explained?.explanation != null);
  expect(finding?.explained?.outcome).toMatch(/^found by schedule \d+ of buffer_written_after_destroy_small/);
  const { schedule = '', diagram } = finding?.explained?.explanation ?? {};
  expect(diagram?.rows.some(({ truth }) => truth)).toBe(true);

  const replay = await run$`node ${MAIN} --replay ${schedule}`;
  expect(replay.exitCode).toBe(2);
  expect(replay.stdout).toContain(finding?.title);
  const again = await run$`node ${MAIN} --replay ${schedule} --json`;
  expect(again.stderr).toBe(replay.stdout);
  const replayed = JSON.parse(again.stdout) as ReplayResult;
  expect(replayed).toMatchObject({ verdict: 'forbidden', exitCode: 2, interrupted: false, notes: [] });
  expect(replayed.scenario.findings[0]?.explained?.explanation).toMatchObject({ schedule });
}, 120_000);
