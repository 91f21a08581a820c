// SPDX-License-Identifier: GPL-2.0-only
/** An exhaustive search of a scenario comes to its end, and finds what is within its bound. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Slug } from '../../src/reverts/registry.ts';
import { Pool } from '../pool.ts';
import { assignRoles } from '../roles.ts';
import { minThreads, type Scenario } from '../scenarios/scenario.ts';
import { SMALL_SCENARIOS } from '../scenarios/small.ts';
import type { DetResult } from './det_round.ts';
import { Search } from './search.ts';

const small = SMALL_SCENARIOS.find(({ name }) => name === 'destroyed_context_keeps_quota_small') as Scenario;
/** With one context less, to be quick. */
const scenario: Scenario = { ...small, draw: (prng) => ({ ...small.draw(prng), turns: 1 }) };
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

test('all schedules with one deviation, and none shows anything on the fixed build', async () => {
  const { text, results } = await search([], () => true);
  const [, last] = /^all ([\d,]+) schedules within 1 deviation explored$/.exec(text) ?? [];
  expect(Number(last?.replaceAll(',', ''))).toBeGreaterThan(50);
  expect(new Set(results.map(({ hash }) => hash)).size).toBeGreaterThan(50);
  expect(results.flatMap(({ records }) => records)).toEqual([]);
  expect(results.every(({ whole, bounded }) => whole && !bounded)).toBe(true);
}, 200_000);

test('what is within the bound is found, and ends it', async () => {
  const { text, results } = await search(scenario.fixedBy, ({ records }) => records.length === 0);
  expect(results.at(-1)?.records[0]?.kind).toBe('destroy:grace-period-in-syscall');
  expect(text).not.toMatch(/^all .* within 1 deviation/);
}, 60_000);
