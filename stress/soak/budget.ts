// SPDX-License-Identifier: GPL-2.0-only
/** How the time of a soak is spent: on which seeds, and how much of it on running failures again. */
import { mix32 } from '../../src/arch/sab/prng.ts';
import { isInterrupted } from '../cli/exit_code.ts';
import { VERDICTS } from '../result/run_result.ts';

/** A run that can have less than this share of its time is not begun. */
const RUN_LEAST = 0.5;
/** Most of the soak's time that goes to running failures again: the next seeds may show something else. */
const RERUN_SHARE = 0.5;

/** Seed of a soak's n-th run. */
export const seedOf = (base: number, n: number): number => mix32(base ^ mix32(n));

/**
 * Time of the next run, null if too little is left. What is left over is given to the last run, or left.
 * @param runMs - what a run is to have
 */
export function nextRunMs(leftMs: number, runMs: number): number | null {
  if (leftMs >= runMs * (1 + RUN_LEAST)) return runMs;
  return leftMs >= runMs * RUN_LEAST ? Math.round(leftMs) : null;
}

/** Whether a run that ended so is run again: not if it was stopped, or never began. */
export const failed = (exitCode: number): boolean =>
  exitCode !== VERDICTS.passed && exitCode !== VERDICTS.usage && !isInterrupted(exitCode);

/** Whether there is time to run a failure again. */
export const mayRerun = (rerunMs: number, runMs: number, totalMs: number): boolean =>
  rerunMs + runMs <= totalMs * RERUN_SHARE;
