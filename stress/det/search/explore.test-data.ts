// SPDX-License-Identifier: GPL-2.0-only
/** A small scenario to explore, and what its first schedules are. */
import type { Policy } from '../../../src/det/schedulers/index.ts';
import type { Case } from '../../round/case.ts';
import { Pool } from '../../round/pool.ts';
import { SMALL_SCENARIOS } from '../../scenarios/index.ts';
import { assignRoles } from '../../scenarios/roles.ts';
import { minThreads, type Scenario } from '../../scenarios/scenario.ts';
import { Explorer } from './explore.ts';

export const MAX_STEPS = 1500;
export const scenario = SMALL_SCENARIOS.find(({ name }) => name === 'buffer_written_after_destroy_small') as Scenario;
export const roles = assignRoles(scenario, minThreads(scenario), null);
export const patched: Case = { scenario, reverted: [], roles };

export const makePool = (): Pool => new Pool(roles.length, 16, true, true);

export const makeExplorer = (pool: Pool, scheduler: Policy, explored = patched, maxSteps = MAX_STEPS): Explorer =>
  new Explorer(pool, explored, {
    schedulers: [scheduler],
    depth: 3,
    seed: 7,
    maxSteps,
    memory: 'sc',
    arenaMib: 16,
    selfCheck: 'sampled',
  });

/** What the first schedules are, a line each. */
export async function essence(one: Explorer, schedules: number): Promise<string[]> {
  const lines: string[] = [];
  await one.run(({ number, result: { hash, steps, points, switches, bounded } }) => {
    lines.push([number, hash, steps, points, switches, bounded].join(' '));
    return number < schedules;
  });
  return lines;
}
