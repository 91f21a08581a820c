// SPDX-License-Identifier: GPL-2.0-only
/** How fast the deterministic engine goes through schedules of a small scenario, by scheduler. */
import { wall_clock } from '../../src/arch/sab/clock.ts';
import type { SchedulerName } from '../../src/det/state.ts';
import { type ExploredCase, Explorer } from '../det/explore.ts';
import { Pool } from '../pool.ts';
import { assignRoles } from '../roles.ts';
import { minThreads, type Scenario } from '../scenarios/scenario.ts';
import { SMALL_SCENARIOS } from '../scenarios/small.ts';

export interface ScheduleSpeed {
  readonly scheduler: string;
  readonly schedules: number;
  readonly seconds: number;
  /** Accesses to RAM, of those the ones on words that several CPUs share, and hand-overs of the baton; a second. */
  readonly stepsPerSecond: number;
  readonly pointsPerSecond: number;
  readonly switchesPerSecond: number;
}

const SCENARIO = 'event_read_before_it_is_written_small';
const SCHEDULERS: readonly Exclude<SchedulerName, 'script'>[] = ['random', 'pct', 'pos'];
/** In which V8 compiles, and who shares what is learned. */
const WARMUP_SCHEDULES = 40;
const ARENA_MIB = 4;

async function measure(pool: Pool, explored: ExploredCase, scheduler: (typeof SCHEDULERS)[number], ms: number) {
  const options = { depth: 3, seed: 1, maxSteps: 50_000, memory: 'sc' as const, arenaMib: ARENA_MIB };
  const explorer = new Explorer(pool, explored, { ...options, schedulers: [scheduler] });
  await explorer.run(({ number }) => number < WARMUP_SCHEDULES);
  const before = explorer.statistics;
  const start = wall_clock();
  await explorer.run(() => wall_clock() - start < ms * 1e6);
  const seconds = (wall_clock() - start) / 1e9;
  const after = explorer.statistics;
  return {
    scheduler,
    schedules: after.schedules - before.schedules,
    seconds,
    stepsPerSecond: (after.steps.sum - before.steps.sum) / seconds,
    pointsPerSecond: (after.points.sum - before.points.sum) / seconds,
    switchesPerSecond: (after.switches.sum - before.switches.sum) / seconds,
  };
}

/** @param ms - for each scheduler @context no other machine of this process is in use */
export async function measureSchedules(ms: number): Promise<ScheduleSpeed[]> {
  const scenario = SMALL_SCENARIOS.find(({ name }) => name === SCENARIO) as Scenario;
  const threads = minThreads(scenario);
  const pool = new Pool(threads, ARENA_MIB, true, true);
  const explored: ExploredCase = { scenario, reverted: [], roles: assignRoles(scenario, threads, null) };
  const rows: ScheduleSpeed[] = [];
  try {
    for (const scheduler of SCHEDULERS) rows.push(await measure(pool, explored, scheduler, ms));
  } finally {
    await pool.close();
  }
  return rows;
}
