// SPDX-License-Identifier: GPL-2.0-only
/**
 * Both engines give the same verdicts: each oracle that speaks on free threads speaks on one thread at a time, of the
 * same build, and none of them does on the fixed one.
 */
import { afterEach, describe, expect, test } from 'vitest';
import { POLICIES } from '../../src/det/schedulers/index.ts';
import type { Slug } from '../../src/reverts/registry.ts';
import { Pool } from '../round/pool.ts';
import { type RoundSpec, runRound } from '../round/round.ts';
import { SCENARIOS } from '../scenarios/index.ts';
import { assignRoles } from '../scenarios/roles.ts';
import { isShown, minThreads, type Scenario } from '../scenarios/scenario.ts';
import { runSchedule } from './round.ts';
import { specOf } from './search/explore.ts';

/** What oracles say of a build without a fix: kind, and where it was seen. */
const VERDICTS: readonly { slug: Slug; scenario: string; free: string; says: readonly string[] }[] = [
  {
    slug: 'serialise_migration',
    scenario: 'head_lost_in_page_migration_small',
    // Free threads meet in this race too seldom where each has a few turns only.
    free: 'head_lost_in_page_migration',
    says: ['event:duplicate deliver'],
  },
  {
    slug: 'track_ring_occupancy',
    scenario: 'unread_events_overwritten_small',
    free: 'unread_events_overwritten_small',
    says: ['slot:excess overcommit', 'event:lost overcommit'],
  },
  {
    slug: 'wait_for_requests',
    scenario: 'buffer_written_after_destroy_small',
    free: 'buffer_written_after_destroy_small',
    says: [
      'destroy:requests-in-flight checkInFlight',
      'destroy:requests-in-flight deviceFinished',
      'buffer:written-after-destroy check',
    ],
  },
  {
    slug: 'refcount_requests',
    scenario: 'scribbled_ring_frees_live_requests_small',
    free: 'scribbled_ring_frees_live_requests_small',
    says: ['warn free_ioctx_before'],
  },
  {
    slug: 'async_destroy',
    scenario: 'destroy_waits_for_grace_period_small',
    free: 'destroy_waits_for_grace_period_small',
    says: ['white-box:grace-period-in-syscall destroy'],
  },
  {
    slug: 'exit_waits',
    scenario: 'exit_leaves_requests_in_flight_small',
    free: 'exit_leaves_requests_in_flight_small',
    says: ['exit:requests-in-flight exitWithRequests', 'destroy:requests-in-flight deviceFinished'],
  },
];
/** Most is said at once. */
const ROUNDS_MAX = 100;
const PATCHED_ROUNDS = 3;
const never = new AbortController().signal;

let pool: Pool | null = null;
afterEach(() => pool?.close());

const named = (name: string): Scenario => SCENARIOS.find((one) => one.name === name) as Scenario;

/** Runs a round of a number and says what the oracles said. */
type Runner = (scenario: Scenario, reverted: readonly Slug[], number: number) => Promise<string[]>;

const nativeRunner =
  (threads: number): Runner =>
  async (scenario, reverted, number) => {
    const runMs = scenario.onlyByName === true ? 20 : 300;
    const roles = assignRoles(scenario, threads, null);
    const part: Omit<RoundSpec, 'number' | 'seed'> = {
      ...{ scenario, reverted, roles, runMs },
      ...{ perturb: 'light', stop: never, watch: () => {} },
    };
    const { records } = await runRound(pool as Pool, { ...part, number, seed: number });
    return records.map(({ kind, where }) => `${kind} ${where}`);
  };

const detRunner: Runner = async (scenario, reverted, number) => {
  const roles = assignRoles(scenario, minThreads(scenario), null);
  const options = { depth: 3, seed: number, maxSteps: 100_000, memory: 'sc', arenaMib: 16 } as const;
  // As on free threads: a first finding is not the end.
  const how = { scheduler: POLICIES[number % 3] ?? 'random', stopAtFinding: false };
  const explored = { scenario, reverted, roles };
  const spec = specOf(explored, { ...options, schedulers: [], selfCheck: 'off' }, number, how, never);
  const { records } = await runSchedule(pool as Pool, spec);
  const { det } = pool as Pool;
  if (number < 4) det?.known.set(det.learned);
  return records.map(({ kind, where }) => `${kind} ${where}`);
};

/** Runs rounds until all has been said. @returns what has been */
async function heard(run: Runner, scenario: Scenario, slug: Slug, says: readonly string[]): Promise<Set<string>> {
  const said = new Set<string>();
  for (let number = 1; number <= ROUNDS_MAX && !says.every((one) => said.has(one)); number++) {
    for (const one of await run(scenario, [slug], number)) said.add(one);
  }
  return said;
}

describe.each(VERDICTS)('without $slug', ({ slug, scenario, free, says }) => {
  const engines = [
    ['free threads', named(free), free === scenario ? minThreads(named(free)) : 10, false],
    ['one thread at a time', named(scenario), minThreads(named(scenario)), true],
  ] as const;
  test.each(engines)(
    '%s',
    async (_, played, threads, det) => {
      pool = new Pool(threads, 16, true, det);
      const run = det ? detRunner : nativeRunner(threads);
      const said = await heard(run, played, slug, says);
      expect([...said]).toEqual(expect.arrayContaining([...says]));
      const foreign = [...said].filter((one) => !isShown(played, one.split(' ')[0] ?? ''));
      expect(foreign).toEqual([]);
      for (let number = 1; number <= PATCHED_ROUNDS; number++) expect(await run(played, [], number)).toEqual([]);
    },
    150_000,
  );
});
