// SPDX-License-Identifier: GPL-2.0-only
/** What was measured at a width. */
import { interquartileRange, median } from 'simple-statistics';
import type { RoundSample, Run, RunResult } from '../report/result.ts';
import type { SweepPoint } from './result.ts';

/** Share of a run's rounds that are left out at its beginning: threads load their code, and V8 compiles it. */
const WARM_UP = 1 / 3;

/** @returns events/s of each round that counts */
export function samplesOf(rounds: readonly RoundSample[]): number[] {
  const whole = rounds.filter((round) => round.whole && round.ranMs > 0);
  // Of two, the second counts; one round has nothing else to say.
  const first = Math.min(whole.length - 1, Math.ceil(whole.length * WARM_UP));
  return whole.slice(first).map(({ operations, ranMs }) => ((operations['reaped'] ?? 0) * 1000) / ranMs);
}

/**
 * @param passes - the width's runs @param all - the same as one run
 * @returns null if no round came to its end
 */
export function pointOf(
  threads: number,
  folder: string,
  passes: readonly Run[],
  { locks, latency }: RunResult,
): SweepPoint | null {
  const samples = passes.flatMap(({ rounds }) => samplesOf(rounds));
  if (samples.length === 0) return null;
  return {
    threads,
    folder,
    samples,
    eventsPerSecond: median(samples),
    spread: interquartileRange(samples) / 2,
    locks,
    latency,
  };
}
