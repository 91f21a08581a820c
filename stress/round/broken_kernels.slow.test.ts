// SPDX-License-Identifier: GPL-2.0-only
/**
 * A kernel that really hangs is found, and one that only gets no time on a core is not taken for one: on real threads,
 * while other processes use every core.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { QUOTA_FOR_EACH, type Role } from '../../workers/protocol.ts';
import { CaseFold } from '../log/case_fold.ts';
import { grade } from '../log/verdict.ts';
import { classify } from '../scenarios/known.ts';
import { type Scenario, workload } from '../scenarios/scenario.ts';
import { caseRecord } from './case.ts';
import { Pool } from './pool.ts';
import { type RoundResult, runRound } from './round.ts';

const ROLES: Role[] = ['kworker', 'kworker', 'submitter', 'submitter', 'getter', 'getter', 'completer', 'migrator'];
const TEST_MS = 240_000;
let pool: Pool;
let spinners: ChildProcess[];

beforeAll(() => {
  pool = new Pool(ROLES.length, 64, true, false, 'dist/workers/testing/broken_cpu.js');
  const spin = ['-e', 'for (;;);'];
  spinners = Array.from({ length: 2 * availableParallelism() }, () => spawn(process.execPath, spin));
});
afterAll(async () => {
  for (const spinner of spinners) spinner.kill('SIGKILL');
  await pool.close();
});

const scenarioOf = (programs: Scenario['draw'] extends (...args: never[]) => infer W ? W : never): Scenario => ({
  name: 'broken',
  description: 'a kernel that is broken on purpose',
  fixedBy: [],
  native: true,
  roles: {},
  shows: [],
  books: true,
  draw: () => programs,
  outcomes: {},
  goals: {},
});

const play = (scenario: Scenario, runMs: number, roles = ROLES): Promise<RoundResult> =>
  runRound(pool, {
    scenario,
    reverted: [],
    number: 0,
    seed: 1,
    roles,
    perturb: 'none',
    runMs,
    stop: new AbortController().signal,
    watch: () => {},
  });

/** The verdict of a run that consists of this round. */
function verdictOf(scenario: Scenario, { records, operations, whole, inconclusive, ranMs }: RoundResult): string {
  const fold = new CaseFold(caseRecord({ scenario, reverted: [], roles: ROLES }));
  for (const record of records) fold.find({ record, ranMs, ...classify(record, { reverted: [] }, operations) }, 0);
  fold.finish({ ranMs, elapsedMs: ranMs, operations, latency: {}, locks: [], roles: {} }, whole, inconclusive);
  return grade([fold], false).verdict;
}

const shared = { contexts: 1, nrEventsMin: 64, nrEventsMax: 64, batch: 4, delayMaxUs: 500 };
const BROKEN: [string, Partial<Record<Role, string>>, string, RegExp][] = [
  ['loses a request', { completer: 'loses_requests' }, 'hang', /device never finished|blocked in phase/],
  ['never frees a lock', { migrator: 'keeps_a_lock' }, 'hang', /blocked in phase stop/],
  ['loses a wake-up', { migrator: 'swallows_wakeups' }, 'wakeup:lost', /sleeps although/],
  ['forgets to notify a sleeper', { migrator: 'forgets_to_notify' }, 'hang', /blocked in phase stop/],
  ['computes without an end', { submitter: 'computes' }, 'hang', /blocked in phase stop/],
];
test.each(BROKEN)(
  'a kernel that %s hangs',
  async (_, programs, kind, title) => {
    const scenario = scenarioOf(workload({ ...shared, programs }));
    const result = await play(scenario, 1500);
    expect(result.records.map((record) => `${record.kind}: ${record.title}`).join()).toMatch(title);
    expect(result.records.map((record) => record.kind)).toContain(kind);
    expect(verdictOf(scenario, result)).toBe('hang');
  },
  TEST_MS,
);

test(
  'a kernel that keeps quota refuses a context to a user who owns none',
  async () => {
    const programs = { destroyer: 'quota', migrator: 'keeps_quota' };
    const scenario = scenarioOf(workload({ programs, aioMaxNr: QUOTA_FOR_EACH, batch: 0 }));
    const [kworker, completer, destroyer] = ['kworker', 'completer', 'destroyer'] as const;
    const roles: Role[] = [kworker, kworker, kworker, completer, completer, 'migrator', destroyer, destroyer];
    const { records } = await play(scenario, 1500, roles);
    expect(records.map(({ kind }) => kind)).toContain('quota:spurious-eagain');
  },
  TEST_MS,
);

test(
  'a healthy one on the same machine does not',
  async () => {
    const scenario = scenarioOf(workload(shared));
    const result = await play(scenario, 1500);
    expect(result.records).toEqual([]);
    expect(['passed', 'inconclusive']).toContain(verdictOf(scenario, result));
  },
  TEST_MS,
);
