// SPDX-License-Identifier: GPL-2.0-only
/** How fast the deterministic engine goes through schedules of a small scenario, by scheduler, every access checked. */
import { wall_clock } from '../../../src/arch/sab/clock.ts';
import { POLICIES } from '../../../src/det/schedulers/index.ts';
import { Explorer } from '../../det/search/explore.ts';
import { Pool } from '../../round/pool.ts';
import { SMALL_SCENARIOS } from '../../scenarios/index.ts';
import { assignRoles } from '../../scenarios/roles.ts';
import { minThreads, type Scenario } from '../../scenarios/scenario.ts';
import type { GroupSpec } from '../bench_result.ts';
import { contest, type Entrant, type PartMaker, partOf } from '../part.ts';

export const SCHEDULES_TABLE = 'by scheduler';
const SCENARIO = 'event_read_before_it_is_written_small';
const COLUMNS = ['schedules/s', 'steps/s', 'points/s', 'hand-overs/s'] as const;
const ARENA_MIB = 4;
const ROUNDS = 3;
const QUICK_ROUNDS = 1;
/** So many windows' lengths. */
const LENGTH = 15;

/** What the explorer has counted so far, in the order of COLUMNS. */
const countsOf = ({ statistics: { schedules, steps, points, switches } }: Explorer): number[] => [
  schedules,
  steps.sum,
  points.sum,
  switches.sum,
];

export const schedules: PartMaker = (setup, rounds) => {
  const scenario = SMALL_SCENARIOS.find(({ name }) => name === SCENARIO) as Scenario;
  const threads = minThreads(scenario);
  const pool = new Pool(threads, ARENA_MIB, true, true);
  const options = { depth: 3, seed: 1, maxSteps: 50_000, memory: 'sc', arenaMib: ARENA_MIB, selfCheck: 'off' } as const;
  const entrants = POLICIES.map((scheduler): Entrant => {
    const roles = assignRoles(scenario, threads, null);
    const explorer = new Explorer(pool, { scenario, reverted: [], roles }, { ...options, schedulers: [scheduler] });
    return {
      name: scheduler,
      measure: async (ms) => {
        const before = countsOf(explorer);
        const start = wall_clock();
        await explorer.run(() => wall_clock() - start < LENGTH * ms * 1e6);
        const seconds = (wall_clock() - start) / 1e9;
        return { values: countsOf(explorer).map((count, i) => (count - (before[i] as number)) / seconds) };
      },
    };
  });
  const specs = COLUMNS.map(
    (column): GroupSpec => ({
      part: 'schedules',
      table: SCHEDULES_TABLE,
      column,
      width: threads,
      unit: '/s',
      what: 'what is done in a second, one thread at a time',
      baseline: null,
      relation: 'none',
    }),
  );
  const few = Math.min(rounds, setup.quick ? QUICK_ROUNDS : ROUNDS);
  return Promise.resolve(
    partOf('schedules', { rounds: few, contests: [contest(specs, entrants)], setup }, () => pool.close()),
  );
};
