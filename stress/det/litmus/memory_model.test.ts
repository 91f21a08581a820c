// SPDX-License-Identifier: GPL-2.0-only
/** A missing barrier shows where memory is weak, and only there; what is found so can be replayed. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Memory } from '../../../src/det/state.ts';
import type { Slug } from '../../../src/reverts/registry.ts';
import { Pool } from '../../round/pool.ts';
import { SCENARIOS } from '../../scenarios/index.ts';
import { assignRoles } from '../../scenarios/roles.ts';
import { minThreads, type Scenario } from '../../scenarios/scenario.ts';
import { type DetResult, runSchedule } from '../round.ts';
import type { Decision } from '../schedule/words.ts';

const scenario = SCENARIOS.find(({ name }) => name === 'event_read_before_it_is_written_small') as Scenario;
const THREADS = minThreads(scenario);
const never = new AbortController().signal;
/** Several times as many as it takes to find it. */
const WEAK_SCHEDULES = 1000;
/** Of those that find nothing. */
const SCHEDULES = 30;
let pool: Pool;

beforeAll(() => {
  pool = new Pool(THREADS, 16, true, true);
});
afterAll(() => pool.close());

const schedule = (reverted: readonly Slug[], memory: Memory, seed: number, script?: readonly Decision[]) =>
  runSchedule(pool, {
    scenario,
    reverted,
    number: seed,
    seed: 1,
    roles: assignRoles(scenario, THREADS, null),
    perturb: 'none',
    runMs: 0,
    stop: never,
    watch: () => {},
    maxSteps: 20_000,
    how: {
      scheduler: script === undefined ? ((['random', 'pct'] as const)[seed % 2] ?? 'random') : 'script',
      seed,
      depth: 3,
      points: 4000,
      script: script ?? [],
      listChoices: false,
      stopAtFinding: true,
      memory,
    },
  });

/** @returns the first schedule with a finding */
async function search(reverted: readonly Slug[], memory: Memory, schedules: number): Promise<DetResult | null> {
  for (let seed = 1; seed <= schedules; seed++) {
    const result = await schedule(reverted, memory, seed);
    if ((seed & (seed - 1)) === 0) pool.det?.known.set(pool.det.learned);
    expect(result.memory).toBe(memory);
    if (result.records.length > 0) return result;
  }
  return null;
}

test('weak: the reverted read_barrier shows, and its recording shows it again', async () => {
  const found = await search(['read_barrier'], 'weak', WEAK_SCHEDULES);
  expect(found?.records[0]?.kind).toMatch(/^event:/);
  const again = await schedule(['read_barrier'], 'weak', 7, found?.decisions);
  expect([again.hash, again.decisions, again.records]).toEqual([found?.hash, found?.decisions, found?.records]);
  const inOrder = await schedule(['read_barrier'], 'sc', 7, found?.decisions);
  expect(inOrder.records).toEqual([]);
}, 120_000);

test.each(['tso', 'weak'] as const)(
  '%s: the fixed build is clean',
  async (memory) => {
    expect(await search([], memory, SCHEDULES)).toBeNull();
  },
  120_000,
);

test('tso: the reverted read_barrier does not show', async () => {
  expect(await search(['read_barrier'], 'tso', SCHEDULES)).toBeNull();
}, 120_000);
