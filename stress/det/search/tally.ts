// SPDX-License-Identifier: GPL-2.0-only
/** Counts schedules. */
import type { Schedules, Spread } from '../../result/run_result.ts';
import type { DetResult } from '../round.ts';

export type Counts = Pick<Schedules, 'schedules' | 'different' | 'bounded' | 'whole' | 'steps' | 'points' | 'switches'>;

const NONE: Spread = { min: 0, max: 0, sum: 0 };
const NO_SCHEDULES: Counts = {
  schedules: 0,
  different: 0,
  bounded: 0,
  whole: 0,
  steps: NONE,
  points: NONE,
  switches: NONE,
};

const widen = ({ min, max, sum }: Spread, n: number, first: boolean): Spread => ({
  min: first ? n : Math.min(min, n),
  max: Math.max(max, n),
  sum: sum + n,
});

export class Tally {
  private readonly hashes = new Set<number>();
  /** All of them. */
  total = NO_SCHEDULES;
  /** Since the last take(). */
  private recent = NO_SCHEDULES;

  add(result: DetResult): void {
    const isNew = !this.hashes.has(result.hash);
    this.hashes.add(result.hash);
    this.total = added(this.total, result, isNew);
    this.recent = added(this.recent, result, isNew);
  }

  /** What has been counted since the last time. */
  take(): Counts {
    const { recent } = this;
    this.recent = NO_SCHEDULES;
    return recent;
  }
}

function added(counts: Counts, { bounded, whole, steps, points, switches }: DetResult, isNew: boolean): Counts {
  const first = counts.schedules === 0;
  return {
    schedules: counts.schedules + 1,
    different: counts.different + (isNew ? 1 : 0),
    bounded: counts.bounded + (bounded ? 1 : 0),
    whole: counts.whole + (whole && !bounded ? 1 : 0),
    steps: widen(counts.steps, steps, first),
    points: widen(counts.points, points, first),
    switches: widen(counts.switches, switches, first),
  };
}
