// SPDX-License-Identifier: GPL-2.0-only
/** What gets in beside the schedule is noticed, and the step at which it shows is named. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isChecked } from '../../options/engine.ts';
import { Pool } from '../../round/pool.ts';
import { SMALL_SCENARIOS } from '../../scenarios/index.ts';
import { assignRoles } from '../../scenarios/roles.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import { minThreads } from '../../scenarios/scenario.ts';
import type { DetSpec } from '../round.ts';
import { firstDifference, runTwice } from './self_check.ts';

const scenario = SMALL_SCENARIOS.find(({ name }) => name === 'buffer_written_after_destroy_small') as Scenario;
const roles = assignRoles(scenario, minThreads(scenario), null);
let pool: Pool;

beforeAll(() => {
  pool = new Pool(roles.length, 16, true, true);
});
afterAll(async () => {
  await pool.close();
});

const spec = (of: Scenario): DetSpec => ({
  scenario: of,
  reverted: [],
  roles,
  number: 0,
  seed: 1,
  perturb: 'none',
  runMs: 0,
  stop: new AbortController().signal,
  watch: () => {},
  maxSteps: 1500,
  how: {
    scheduler: 'random',
    seed: 3,
    depth: 3,
    points: 1000,
    script: [],
    listChoices: false,
    stopAtFinding: true,
  },
});

test('a seed that gives one schedule passes', async () => {
  const result = await runTwice(pool, spec(scenario));
  expect(result.steps).toBeGreaterThan(1500);
}, 60_000);

test('a workload that is another one each time does not, and the step is named', async () => {
  let draws = 0;
  const leaky: Scenario = {
    ...scenario,
    draw: (prng) => ({ ...scenario.draw(prng), turns: 1 + draws++ }),
  };
  await expect(runTwice(pool, { ...spec(leaky), maxSteps: 50_000 })).rejects.toThrow(
    /^a seed gave two schedules of \w+_small: at step \d+, cpu \d \w+ .* the first time and (cpu|nothing)/,
  );
}, 60_000);

test('logs differ where the first word does, or where one ends', () => {
  const log = (...words: number[]): Int32Array => Int32Array.from([0, 0, ...words]);
  expect(firstDifference(log(1, 2, 3, 4), log(1, 2, 3, 4))).toBe(0);
  expect(firstDifference(log(1, 2, 3, 4), log(1, 2, 3, 5))).toBe(2);
  expect(firstDifference(log(1, 2), log(1, 2, 3, 4))).toBe(2);
});

test('each schedule is checked, or the first ones and then some, or none', () => {
  const numbers = Array.from({ length: 200 }, (_, i) => i + 1);
  expect(numbers.filter((n) => isChecked(n, 'all'))).toEqual(numbers);
  expect(numbers.filter((n) => isChecked(n, 'sampled'))).toEqual([1, 2, 3, 4, 64, 128, 192]);
  expect(numbers.filter((n) => isChecked(n, 'off'))).toEqual([]);
});
