// SPDX-License-Identifier: GPL-2.0-only
/**
 * Runs schedules of a scenario on a build, one after the other, and counts.
 *
 * Schedule number i is a function of the seed and of i alone, whatever else is run in between. What is seen of who
 * shares which word becomes what the schedulers choose by at i = 1, 2, 4, 8, …: early, while there is much to learn,
 * and seldom later, when each change would make older figures mean less.
 */
import { mix32 } from '../../../src/arch/sab/prng.ts';
import type { Policy } from '../../../src/det/schedulers/index.ts';
import { buildOf } from '../../../src/reverts/registry.ts';
import { toolVersion } from '../../host/environment.ts';
import { isChecked, type SelfCheck } from '../../options/engine.ts';
import type { Case } from '../../round/case.ts';
import type { Pool } from '../../round/pool.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import { type DetResult, type DetSpec, runSchedule } from '../round.ts';
import { type Memory, SCHEDULE_FORMAT, type Schedule } from '../schedule/schedule.ts';
import { scheduleSource } from '../schedule/source.ts';
import type { Chosen } from '../schedule/words.ts';
import { runTwice } from './self_check.ts';
import { type Counts, Tally } from './tally.ts';

export interface ExploreOptions {
  /** In turn. */
  readonly schedulers: readonly Policy[];
  /** Of pct: ordering constraints that a bug may need. */
  readonly depth: number;
  readonly seed: number;
  /** Steps that user space runs; a schedule that needs more is bounded, which says nothing. */
  readonly maxSteps: number;
  readonly memory: Memory;
  readonly arenaMib: number;
  /** Which schedules are run twice, to see that they are the same. */
  readonly selfCheck: SelfCheck;
}

/** A schedule that was run. */
export interface Tried {
  /** The first is 1. */
  readonly number: number;
  readonly spec: DetSpec;
  readonly result: DetResult;
}

/** Schedules with the same workload, where a scenario draws one. */
const SAME_WORKLOAD = 64;
/** Points that pct takes a schedule to have before one has been run. */
const POINTS_GUESS = 1000;

const NEVER = new AbortController().signal;

/** Whether a scenario is one that is small enough for its schedules to be the point. */
export const isSmall = ({ name }: Scenario): boolean => name.endsWith('_small');

/** What schedule number i is, from 0. */
export function specOf(
  explored: Case,
  { seed, depth, maxSteps, memory }: ExploreOptions,
  i: number,
  how: Pick<Chosen, 'scheduler'> & Partial<Chosen>,
  stop: AbortSignal,
): DetSpec {
  const drawn = isSmall(explored.scenario) ? 0 : Math.floor(i / SAME_WORKLOAD);
  return {
    ...explored,
    number: i,
    seed: mix32(seed ^ mix32(~drawn)),
    perturb: 'none',
    runMs: 0,
    stop,
    watch: () => {},
    maxSteps,
    how: {
      seed: mix32(seed ^ mix32(i)),
      depth,
      points: POINTS_GUESS,
      script: [],
      listChoices: false,
      stopAtFinding: true,
      memory,
      ...how,
    },
  };
}

/** A schedule that was run, to be kept. */
export const scheduleOf = (spec: DetSpec, { decisions, hash }: DetResult, options: ExploreOptions): Schedule => ({
  format: SCHEDULE_FORMAT,
  tool: `kioctx ${toolVersion()}`,
  source: scheduleSource(),
  scenario: spec.scenario.name,
  ...buildOf(spec),
  roles: spec.roles,
  seed: spec.seed,
  turns: null,
  memory: options.memory,
  arenaMib: options.arenaMib,
  maxSteps: spec.maxSteps,
  decisions,
  hash,
});

export class Explorer {
  private readonly pool: Pool;
  private readonly explored: Case;
  private readonly options: ExploreOptions;
  private known: Uint8Array;
  private learned: Uint8Array;
  private readonly tally = new Tally();

  /** @param pool - deterministic, with a thread for each role */
  constructor(pool: Pool, explored: Case, options: ExploreOptions) {
    const { det } = pool;
    if (det === null) throw new Error('schedules need a pool whose threads run one at a time');
    this.pool = pool;
    this.explored = explored;
    this.options = options;
    this.known = new Uint8Array(det.known.length);
    this.learned = new Uint8Array(det.learned.length);
  }

  /** Of all schedules so far. */
  get statistics(): Counts {
    return this.tally.total;
  }

  /** Of those since the last time. */
  take(): Counts {
    return this.tally.take();
  }

  /**
   * The chance, at least, that a schedule of pct finds a bug of the depth that was asked for: 1 / (n k^(d-1)), with the
   * n CPUs and the most points k that a schedule has had.
   */
  get pctBound(): number | null {
    const { schedulers, depth } = this.options;
    const { max: k } = this.tally.total.points;
    if (!schedulers.includes('pct') || k === 0) return null;
    return 1 / (this.explored.roles.length * k ** (depth - 1));
  }

  /**
   * Runs schedules as long as `goOn` says so, and then leaves the pool to others.
   * @param goOn - is asked after each, and may look at what the pool has counted in it, but runs nothing on it
   * @throws Nondeterminism if a seed gave two schedules
   */
  async run(goOn: (tried: Tried) => boolean | Promise<boolean>, stop: AbortSignal = NEVER): Promise<void> {
    const { det } = this.pool;
    if (det === null) return;
    det.known.set(this.known);
    det.learned.set(this.learned);
    try {
      for (let more = true; more && !stop.aborted; ) {
        const i = this.tally.total.schedules;
        const { schedulers } = this.options;
        const scheduler = schedulers[i % schedulers.length] as Policy;
        const points = this.tally.total.points.max || POINTS_GUESS;
        const spec = specOf(this.explored, this.options, i, { scheduler, points }, stop);
        const twice = isChecked(i + 1, this.options.selfCheck);
        const result = await (twice ? runTwice : runSchedule)(this.pool, spec);
        if (stop.aborted && !result.whole && result.records.length === 0) return;
        this.tally.add(result);
        const { schedules: number } = this.tally.total;
        if ((number & (number - 1)) === 0) det.known.set(det.learned);
        more = await goOn({ number, spec, result });
      }
    } finally {
      this.known = det.known.slice();
      this.learned = det.learned.slice();
    }
  }

  /** A schedule that was run, to be kept. */
  schedule({ spec, result }: Tried): Schedule {
    return scheduleOf(spec, result, this.options);
  }
}
