// SPDX-License-Identifier: GPL-2.0-only
/** What was measured at a width. */
import { interquartileRange, median } from 'simple-statistics';
import type { RoundSample, Run, RunResult } from '../result/run_result.ts';
import type { SweepPoint } from './sweep_result.ts';

/**
 * Threads load their code at the beginning of a run, and V8 compiles it, for longer where many share few cores. Rounds
 * that began before user space had run for so long are left out, a third of all at least; a third of them is used in
 * any case.
 */
const WARM_UP_MS = 3000;

/** How many rounds are left out. */
function warmUp(rounds: readonly RoundSample[]): number {
  let ranMs = 0;
  const cold = rounds.filter((round) => {
    const before = ranMs;
    ranMs += round.ranMs;
    return before < WARM_UP_MS;
  }).length;
  const third = rounds.length / 3;
  return Math.min(Math.max(cold, Math.ceil(third)), Math.floor(2 * third));
}

/** @returns events/s of each round that counts */
export function samplesOf(rounds: readonly RoundSample[]): number[] {
  const whole = rounds.filter((round) => round.whole && round.ranMs > 0);
  return whole.slice(warmUp(whole)).map(({ operations, ranMs }) => ((operations['reaped'] ?? 0) * 1000) / ranMs);
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
