// SPDX-License-Identifier: GPL-2.0-only
/** A missing barrier shows where memory is weak enough, and only there; what is found so can be replayed. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { POLICIES } from '../../../src/det/schedulers/index.ts';
import type { Memory } from '../../../src/det/state.ts';
import type { Slug } from '../../../src/reverts/registry.ts';
import { Pool } from '../../round/pool.ts';
import { SCENARIOS } from '../../scenarios/index.ts';
import { assignRoles } from '../../scenarios/roles.ts';
import { minThreads, type Scenario } from '../../scenarios/scenario.ts';
import { type DetResult, runSchedule } from '../round.ts';
import type { Decision } from '../schedule/words.ts';

const scenarioOf = (name: string): Scenario => SCENARIOS.find((one) => one.name === name) as Scenario;
const EVENT = scenarioOf('event_read_before_it_is_written_small');
const WAKE_UP = scenarioOf('last_wake_up_lost_small');
const THREADS = minThreads(EVENT);
const never = new AbortController().signal;
/** Several times as many as it takes to find it. */
const SCHEDULES_MAX = 1500;
/** Of those that find nothing. */
const SCHEDULES = 30;
let pool: Pool;

beforeAll(() => {
  pool = new Pool(THREADS, 16, true, true);
});
afterAll(() => pool.close());

const schedule = (
  scenario: Scenario,
  reverted: readonly Slug[],
  memory: Memory,
  seed: number,
  script?: readonly Decision[],
) =>
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
    maxSteps: 40_000,
    how: {
      scheduler: script === undefined ? (POLICIES[seed % POLICIES.length] ?? 'random') : 'script',
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
async function search(
  scenario: Scenario,
  reverted: readonly Slug[],
  memory: Memory,
  schedules = SCHEDULES,
): Promise<DetResult | null> {
  for (let seed = 1; seed <= schedules; seed++) {
    const result = await schedule(scenario, reverted, memory, seed);
    if ((seed & (seed - 1)) === 0) pool.det?.known.set(pool.det.learned);
    expect(result.memory).toBe(memory);
    if (result.records.length > 0) return result;
  }
  return null;
}

test.each([
  ['read_barrier', EVENT, 'weak', /^event:/, 'tso'],
  ['write_barrier', EVENT, 'weak', /^event:/, 'tso'],
  ['wake_after_tail', WAKE_UP, 'tso', /^wakeup:lost$/, 'sc'],
] as const)(
  '%s: shows, its recording shows it again, and a stronger memory hides it',
  async (slug, scenario, memory, kind, stronger) => {
    const found = await search(scenario, [slug], memory, SCHEDULES_MAX);
    expect(found?.records[0]?.kind).toMatch(kind);
    const again = await schedule(scenario, [slug], memory, 7, found?.decisions);
    expect([again.hash, again.decisions, again.records]).toEqual([found?.hash, found?.decisions, found?.records]);
    const inOrder = await schedule(scenario, [slug], 'sc', 7, found?.decisions);
    expect(inOrder.records).toEqual([]);
    expect(await search(scenario, [slug], stronger)).toBeNull();
  },
  240_000,
);

describe.each(['tso', 'weak'] as const)('%s', (memory) => {
  test.each([EVENT, WAKE_UP])(
    '$name: the fixed build is clean',
    async (scenario) => {
      expect(await search(scenario, [], memory)).toBeNull();
    },
    120_000,
  );
});
