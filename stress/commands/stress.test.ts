// SPDX-License-Identifier: GPL-2.0-only
/** The command as it is typed: exit codes, what goes to which stream, and what an interrupt leaves behind. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scratchFolder, typed$ } from '../../src/testing/typed.ts';
import { loadRun } from '../log/load.ts';
import type { RunResult } from '../result/run_result.ts';
import { SCENARIOS } from '../scenarios/index.ts';
import { MAIN, runsIn } from './stress.test-data.ts';

const REPORT = join(import.meta.dirname, '../../dist/stress/commands/report.js');
const output = scratchFolder();
const { SMALL, measuring, reportOf, reports } = runsIn(output);

test('--list names every scenario', async () => {
  const { exitCode, stdout, stderr } = await typed$`node ${MAIN} --list`;
  expect(exitCode).toBe(0);
  expect(stderr).toBe('');
  for (const { name } of SCENARIOS) expect(stdout).toContain(name);
});

test('--help ends with 0 and says what the exit codes mean', async () => {
  const { exitCode, stdout } = await typed$`node ${MAIN} --help`;
  expect(exitCode).toBe(0);
  expect(stdout).toContain('Exit codes');
});

test('a wrong option ends with 1, one line on stderr, and nothing on stdout', async () => {
  const { exitCode, stdout, stderr } = await typed$`node ${MAIN} --thread 4`;
  expect(exitCode).toBe(1);
  expect(stdout).toBe('');
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(stderr).toContain('--threads');
});

test('--json leaves nothing but the result on stdout; the exit code, and what was left out, are in it', async () => {
  const more = ['--scenario', 'every*'];
  const { exitCode, stdout, stderr } = await typed$`node ${MAIN} ${SMALL} ${more} --duration 2s --seed 5 --json`;
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
  const running = typed$`exec node ${MAIN} ${SMALL} --duration 10m --seed 6`;
  await measuring(before);
  running.child?.kill('SIGINT');
  const { exitCode } = await running;
  const [folder = ''] = reports().filter((name) => !before.includes(name));
  expect(exitCode).toBe(130);
  expect(reportOf(folder).interrupted).toBe(true);
}, 120_000);

test('what the disk does not take has been printed, and is named; findings come before pages', async () => {
  const before = reports();
  // Pages are larger than that.
  const limited = 'ulimit -f 500; exec "$0" "$@"';
  const args = ['--revert', 'wait_for_requests', '--threads', '4', '--duration', '3s', '--explain-seconds', '0'];
  const { exitCode, stdout, stderr } =
    await typed$`bash -c ${limited} node ${MAIN} ${args} --seed 9 --output ${output}`;
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

test('whatever kills a run, its log tells what it had measured', async () => {
  const before = reports();
  const running = typed$`exec node ${MAIN} ${SMALL} --duration 10m --seed 7`;
  await measuring(before);
  running.child?.kill('SIGKILL');
  await running;
  const [folder = ''] = reports().filter((name) => !before.includes(name));
  expect(readdirSync(join(output, folder))).toEqual(['events.ndjson']);
  const log = readFileSync(join(output, folder, 'events.ndjson'));

  const { exitCode } = await typed$`node ${REPORT} render ${join(output, folder)}`;
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
