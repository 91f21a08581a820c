// SPDX-License-Identifier: GPL-2.0-only
/** Runs a schedule that is written down. */
import type { Slug } from '../../src/reverts/registry.ts';
import type { Role } from '../../workers/protocol.ts';
import { Pool } from '../round/pool.ts';
import { SCENARIOS } from '../scenarios/index.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { type DetResult, type DetSpec, runSchedule } from './round.ts';
import type { Schedule } from './schedule/schedule.ts';
import type { Chosen } from './schedule/words.ts';

/** What a run of a schedule may have of its own. */
export interface Extra {
  /** Of the engine; without it the schedule's decisions are followed, to the first finding. */
  readonly how?: Partial<Chosen>;
  readonly number?: number;
  readonly stop?: AbortSignal;
  readonly watch?: DetSpec['watch'];
}

const NEVER = new AbortController().signal;

/** The scenario of a schedule, with the schedule's own number of turns. @throws if there is none of that name */
export function scenarioOf({ scenario: name, turns }: Schedule): Scenario {
  const scenario = SCENARIOS.find((one) => one.name === name);
  if (scenario === undefined) throw new Error(`there is no scenario ${name}`);
  if (turns === null) return scenario;
  return { ...scenario, draw: (prng) => ({ ...scenario.draw(prng), turns }) };
}

/** A machine that a schedule fits. */
export const poolOf = ({ roles, arenaMib }: Schedule): Pool => new Pool(roles.length, arenaMib, true, true);

/** Runs a schedule. @param pool - as of poolOf() */
export function runOf(pool: Pool, schedule: Schedule, extra: Extra = {}): Promise<DetResult> {
  if (pool.threads !== schedule.roles.length) {
    throw new Error(`a schedule of ${schedule.roles.length} CPUs does not fit a machine of ${pool.threads}`);
  }
  const { seed, maxSteps, decisions, memory } = schedule;
  return runSchedule(pool, {
    scenario: scenarioOf(schedule),
    reverted: schedule.reverted as readonly Slug[],
    applied: schedule.applied as readonly Slug[] | undefined,
    rcu: schedule.rcu,
    roles: schedule.roles as readonly Role[],
    seed,
    maxSteps,
    number: extra.number ?? 0,
    perturb: 'none',
    runMs: 0,
    stop: extra.stop ?? NEVER,
    watch: extra.watch ?? (() => {}),
    how: {
      scheduler: 'script',
      seed,
      depth: 1,
      points: 0,
      script: decisions,
      listChoices: false,
      stopAtFinding: true,
      memory,
      ...extra.how,
    },
  });
}
