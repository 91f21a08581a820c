// SPDX-License-Identifier: GPL-2.0-only
/** Threads on the host's kernel: it keeps its promises, and a user space that does not is found out. */
import { describe, expect, test } from 'vitest';
import { Kernel } from '../kernel/kernel.ts';
import { type Honesty, PROGRAMS, type Program, type ProgramReport, type ThreadsOptions } from './plan.ts';
import { runThreads, type ThreadsResult } from './run.ts';
import { threadsText, threadsVerdict } from './text.ts';

const kernel = new Kernel();
const facts = await kernel.facts();
await kernel.close();
const why = typeof facts === 'string' ? `skipped: ${facts}` : '';

const options = (honesty: Honesty, ...programs: Program[]): ThreadsOptions => ({
  programs,
  threads: 5,
  seconds: 0.4 * programs.length,
  seed: 7,
  honesty,
});

async function reportsOf(honesty: Honesty, ...programs: Program[]): Promise<readonly ProgramReport[]> {
  const result = await runThreads(options(honesty, ...programs));
  if (result.kind !== 'done') throw new Error(JSON.stringify(result));
  return result.reports;
}
const kinds = (reports: readonly ProgramReport[]): string[] => [
  ...new Set(reports.flatMap(({ findings }) => findings.map(({ kind }) => kind))),
];

describe.skipIf(why !== '')(`on this kernel ${why}`, () => {
  test('each accepted request gives one event, or goes with its context', async () => {
    const reports = await reportsOf('honest', ...PROGRAMS);
    expect(reports.flatMap(({ findings }) => findings)).toEqual([]);
    const [getters, reapers, destroyers] = reports.map(({ counts }) => counts);
    expect(getters?.submitted).toBeGreaterThan(0);
    expect(getters?.reaped).toBe(getters?.submitted);
    expect(reapers?.submitted).toBeGreaterThan(0);
    expect(reapers?.['reaped by user']).toBe(reapers?.submitted);
    expect(destroyers?.destroyed).toBe(destroyers?.setup);
    expect(destroyers?.destroyed).toBeGreaterThan(4);
  });

  test.each([
    ['an event that comes twice', 'twice', 'reapers', 'event:duplicate'],
    ['an event that never comes', 'never', 'reapers', 'event:lost'],
    ['a write after the end', 'late write', 'destroyers', 'buffer:written-after-destroy'],
  ] as const)('%s is found', async (_what, honesty, program, kind) => {
    expect(kinds(await reportsOf(honesty, program))).toContain(kind);
  });

  test('threads that do not come back are given up', async () => {
    const result = await runThreads(options('honest', 'getters'), -300);
    expect(result).toEqual({ kind: 'hang', text: expect.stringMatching(/^the threads did not come back, /) });
  });
});

test('the verdict says what became of it', () => {
  const none: ThreadsResult = { kind: 'none', reason: 'this is darwin, not Linux' };
  const hang: ThreadsResult = { kind: 'hang', text: 'the threads did not come back, in the program getters' };
  const counts = {} as ProgramReport['counts'];
  const finding = { kind: 'event:lost', title: 'lost', text: 'one' } as const;
  const zero = new Proxy(counts, { get: () => 0 });
  const done = (findings: ProgramReport['findings']): ThreadsResult => ({
    kind: 'done',
    direct: false,
    reports: [{ program: 'getters', counts: zero, findings }],
  });
  const told = [none, hang, done([]), done([finding, finding])].map((result) => [
    threadsVerdict(result),
    threadsText(result, options('honest')),
  ]);
  expect(told.map(([code]) => code)).toEqual([4, 3, 0, 2]);
  expect(told[0]?.[1]).toContain('this is darwin, not Linux (exit 4)');
  expect(told[1]?.[1]).toContain('in the program getters (exit 3)');
  expect(told[2]?.[1]).toContain('no context was destroyed with requests in flight, direct I/O is not possible here');
  expect(told[3]?.[1]).toContain('getters: event:lost: lost, 2 times');
});
