// SPDX-License-Identifier: GPL-2.0-only
/** The roles of the stress test on the host's kernel: it keeps its promises, and one that does not is found out. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { OopsRecord } from '../../../src/kernel/oops.ts';
import { applies } from '../../../src/testing/needs.ts';
import { ROOT } from '../../host/root.ts';
import { SCENARIOS } from '../../scenarios/index.ts';
import { Kernel } from '../kernel/kernel.ts';
import { HOST_ROLES } from './host_cpu.ts';
import { HOST_SCENARIOS, type HostScenario, THREADS_MIN, type ThreadsOptions, type ThreadsResult } from './plan.ts';
import { runThreads } from './run.ts';
import { threadsText, threadsVerdict } from './text.ts';

const kernel = new Kernel();
const facts = await kernel.facts();
await kernel.close();
const why = typeof facts === 'string' ? facts : null;

type Done = ThreadsResult & { kind: 'done' };
/** With this seed all reads of `event_read_before_it_is_written` are of the device. */
const SEED = 2;
const options = (...scenarios: HostScenario[]): ThreadsOptions => ({
  scenarios,
  threads: 6,
  seconds: 0.5 * scenarios.length,
  seed: SEED,
});

async function done(result: Promise<ThreadsResult>): Promise<Done> {
  const ended = await result;
  if (ended.kind !== 'done') throw new Error(JSON.stringify(ended));
  return ended;
}
const operations = ({ reports }: Done, scenario: HostScenario): Readonly<Record<string, number>> =>
  reports.find((one) => one.scenario === scenario)?.operations ?? {};
const kinds = ({ reports }: Done): string[] => [
  ...new Set(reports.flatMap(({ findings }) => findings.map(({ kind }) => kind))),
];

const BROKEN = 'dist/stress/conformance/threads/testing/broken_kernels.js';
/** On a kernel that is broken so. */
const broken = (handler: string, scenario: HostScenario, forGoodMs = 30_000): Promise<ThreadsResult> =>
  runThreads(options(scenario), { entry: BROKEN, handler, forGoodMs });

describe('on this kernel', () => {
  applies(why);

  test('each accepted request gives one event, or goes with its context', async () => {
    const result = await done(runThreads(options(...HOST_SCENARIOS)));
    expect(result.reports.flatMap(({ findings }) => findings)).toEqual([]);
    expect(result.early).toBe(null);
    const alone = operations(result, 'one_ring_for_all_threads');
    expect(alone['submitted']).toBeGreaterThan(0);
    expect(alone['reaped']).toBe(alone['submitted']);
    const waited = operations(result, 'event_read_before_it_is_written');
    expect(waited['reaped']).toBe(waited['submitted']);
    const all = operations(result, 'everything_at_once');
    expect(all['destroyed']).toBe(all['setup']);
    expect(all['reaped']).toBeGreaterThan(0);
    expect(operations(result, 'buffer_written_after_destroy')['destroyed']).toBeGreaterThan(4);
    expect(operations(result, 'scribbled_ring_frees_live_requests')['scribbled']).toBeGreaterThan(4);
    expect(operations(result, 'unread_events_overwritten')['reaped']).toBeGreaterThan(0);
    expect(operations(result, 'user_reaped_slots_never_return')['reaped']).toBeGreaterThan(0);
    const together = operations(result, 'two_destroys_succeed');
    expect(together['destroyed']).toBe(together['setup']);
    expect(together['destroy refused']).toBeGreaterThan(0);
  });

  test.each([
    ['an event that never comes', 'losesEvents', 'one_ring_for_all_threads', 'event:lost'],
    ['an event that comes twice', 'repeatsEvents', 'one_ring_for_all_threads', 'event:duplicate'],
    ['a wrong result', 'corruptsResults', 'one_ring_for_all_threads', 'event:corrupt'],
    ['data that is not there', 'corruptsData', 'one_ring_for_all_threads', 'event:corrupt'],
    ['a write after the end', 'writesLate', 'buffer_written_after_destroy', 'buffer:written-after-destroy'],
    ['a context that is not known', 'forgetsContexts', 'event_read_before_it_is_written', 'context:dead-handle'],
    ['a refusal without a reason', 'refusesRequests', 'unread_events_overwritten', 'submit:spurious-eagain'],
    ['a context that is not destroyed', 'keepsRings', 'buffer_written_after_destroy', 'leak:mapping'],
  ] as const)('%s is found', async (_what, handler, scenario, kind) => {
    const result = await done(broken(handler, scenario));
    expect(kinds(result)).toContain(kind);
    expect(threadsVerdict(result)).toBe(2);
  });

  test('a thread that sleeps in the kernel for good is a hang, and named', async () => {
    const result = await done(broken('losesDeviceEvents', 'event_read_before_it_is_written', 300));
    expect(result.early).toEqual({
      hang: true,
      reason: expect.stringMatching(
        /^event_read_before_it_is_written: the phase 'settle' does not end: thread 0 \(\w+\) is in io_getevents\(\)$/,
      ),
    });
    expect(threadsVerdict(result)).toBe(3);
  });

  test('a thread that fails is no finding', async () => {
    await expect(broken('fails', 'everything_at_once')).rejects.toThrow('a thread failed');
  });

  test('what the host refuses is a sentence', () => {
    const main = fileURLToPath(new URL('dist/stress/commands/conformance.js', ROOT));
    const command = `ulimit -v 9000000; exec "${process.execPath}" "${main}" --threads 8 --seconds 1`;
    const { status, stdout, stderr } = spawnSync('bash', ['-c', command], { encoding: 'utf8' });
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^.*ulimit -v allows .*; type ulimit -v unlimited.*\n$/);
    expect(status).toBe(6);
  });
});

test('the scenarios are those of the stress test, and fit on the threads', () => {
  for (const name of HOST_SCENARIOS) {
    const scenario = SCENARIOS.find((one) => one.name === name);
    const least = HOST_ROLES.reduce((sum, role) => sum + (scenario?.roles[role]?.min ?? 0), 0);
    expect(least).toBeGreaterThan(0);
    expect(least).toBeLessThanOrEqual(THREADS_MIN);
  }
});

test('the verdict says what became of it', () => {
  const none: ThreadsResult = { kind: 'none', reason: 'this is darwin, not Linux' };
  const finding = { kind: 'event:lost', title: 'lost', text: ['one'] } as unknown as OopsRecord;
  const ended = (findings: OopsRecord[], early: Done['early']): Done => ({
    kind: 'done',
    reports: [{ scenario: 'one_ring_for_all_threads', rounds: 1, operations: {}, findings }],
    early,
    direct: false,
    pending: false,
  });
  const hang = { hang: true, reason: 'thread 0 is in io_getevents()' };
  const results = [
    none,
    ended([], hang),
    ended([], { hang: false, reason: 'no CPU' }),
    ended([], null),
    ended([finding, finding], null),
  ];
  const told = results.map((result) => threadsText(result, options()));
  expect(results.map(threadsVerdict)).toEqual([4, 3, 4, 0, 2]);
  expect(told[0]).toContain('this is darwin, not Linux (exit 4)');
  expect(told[1]).toMatch(/^--- HANG: thread 0 is in io_getevents\(\); .*\(exit 3\)$/m);
  expect(told[2]).toMatch(/^--- INCONCLUSIVE: no CPU; .*\(exit 4\)$/m);
  expect(told[3]).toContain('direct I/O is not possible here');
  expect(told[3]).toContain('no request was cancelled');
  expect(told[4]).toContain('one_ring_for_all_threads: event:lost: lost, 2 times');
});
