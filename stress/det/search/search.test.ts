// SPDX-License-Identifier: GPL-2.0-only
/** An exhaustive search of a scenario begins with the least, and ends where it is told to. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Slug } from '../../../src/reverts/registry.ts';
import { Pool } from '../../round/pool.ts';
import { SMALL_SCENARIOS } from '../../scenarios/index.ts';
import { assignRoles } from '../../scenarios/roles.ts';
import { minThreads, type Scenario } from '../../scenarios/scenario.ts';
import type { DetResult } from '../round.ts';
import { Search } from './search.ts';

const scenario = SMALL_SCENARIOS.find(({ name }) => name === 'destroy_waits_for_grace_period_small') as Scenario;
const roles = assignRoles(scenario, minThreads(scenario), null);
const OPTIONS = { depth: 3, seed: 1, maxSteps: 100_000, memory: 'sc', arenaMib: 16, selfCheck: 'sampled' } as const;
let pool: Pool;
beforeAll(() => {
  pool = new Pool(roles.length, OPTIONS.arenaMib, true, true);
});
afterAll(() => pool.close());

/** @returns what is said of it, and each schedule's result */
async function search(reverted: readonly Slug[], goOn: (result: DetResult) => boolean) {
  const results: DetResult[] = [];
  const text = await new Search(pool, { scenario, reverted, roles }, { ...OPTIONS, schedulers: [] }).run(
    { of: 'deviation', most: 1 },
    (_, result) => {
      results.push(result);
      return goOn(result);
    },
    new AbortController().signal,
  );
  return { text, results };
}

test('what is within the bound is found, and ends it', async () => {
  const { text, results } = await search(scenario.fixedBy, ({ records }) => records.length === 0);
  expect(results.filter(({ records }) => records.length > 0)).toHaveLength(1);
  expect(results.at(-1)?.records[0]?.kind).toBe('white-box:grace-period-in-syscall');
  expect(text).not.toMatch(/^all .* within 1 deviation/);
}, 60_000);

test('the default schedule is the first; with one deviation, states that have been there are not searched again', async () => {
  let left = 12;
  const { text, results } = await search([], () => --left > 0);
  expect(text).toBe(
    'the only schedule within 0 deviations explored; 11 schedules of those within 1 deviation explored',
  );
  expect(results.map(({ decisions }) => decisions.length)).toEqual([0, 0, ...Array.from({ length: 10 }, () => 1)]);
  expect(new Set(results.map(({ hash }) => hash)).size).toBeGreaterThan(6);
  expect(results.flatMap(({ records }) => records)).toEqual([]);
}, 60_000);
