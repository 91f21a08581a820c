// SPDX-License-Identifier: GPL-2.0-only
/** A hundred schedules of each scheduler are a function of the seed. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { POLICIES, type Policy } from '../../../src/det/schedulers/index.ts';
import { Pool } from '../../round/pool.ts';
import { assignRoles } from '../../scenarios/roles.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import { minThreads } from '../../scenarios/scenario.ts';
import { SMALL_SCENARIOS } from '../../scenarios/small.ts';
import { Explorer } from './explore.ts';

const MAX_STEPS = 1500;
const scenario = SMALL_SCENARIOS.find(({ name }) => name === 'buffer_written_after_destroy_small') as Scenario;
const roles = assignRoles(scenario, minThreads(scenario), null);
let pool: Pool;

beforeAll(() => {
  pool = new Pool(roles.length, 16, true, true);
});
afterAll(async () => {
  await pool.close();
});

const explorer = (scheduler: Policy): Explorer =>
  new Explorer(
    pool,
    { scenario, reverted: [], roles },
    {
      schedulers: [scheduler],
      depth: 3,
      seed: 7,
      maxSteps: MAX_STEPS,
      memory: 'sc',
      arenaMib: 16,
      selfCheck: 'sampled',
    },
  );

/** What the first schedules are, a line each. */
async function essence(one: Explorer, schedules: number): Promise<string[]> {
  const lines: string[] = [];
  await one.run(({ number, result: { hash, steps, points, switches, bounded } }) => {
    lines.push([number, hash, steps, points, switches, bounded].join(' '));
    return number < schedules;
  });
  return lines;
}

test.each(POLICIES)(
  '%s: 100 seeds give the same twice',
  async (scheduler) => {
    const first = await essence(explorer(scheduler), 100);
    expect(await essence(explorer(scheduler), 100)).toEqual(first);
    expect(new Set(first.map((line) => line.split(' ')[1])).size).toBeGreaterThan(20);
  },
  240_000,
);
