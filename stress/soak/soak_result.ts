// SPDX-License-Identifier: GPL-2.0-only
/** What a soak says: its runs, one after the other, and what is left of them. */
import type { Environment, Verdict } from '../result/run_result.ts';

export const SOAK_SCHEMA_VERSION = 1;

/** What is left of a run's folder: all of it, its event log, or nothing. */
export type Kept = 'whole' | 'log' | 'nothing';

export interface SoakRun {
  /** from 1 */
  readonly number: number;
  readonly seed: number;
  /** Number of the run whose failure it repeats; null for a run of its own. */
  readonly rerunOf: number | null;
  readonly exitCode: number;
  readonly verdict: Verdict;
  /** Why, a sentence. */
  readonly reason: string;
  /** Name of its folder in `runs/`; null if it did not come so far. */
  readonly folder: string | null;
  readonly elapsedMs: number;
  readonly rounds: number;
  /** Events reaped in a second of round time. */
  readonly eventsPerSecond: number;
  readonly kept: Kept;
  /** What is left of it on the disk. */
  readonly bytes: number;
  /** Its event log's part of that. */
  readonly logBytes: number;
}

/** How often a seed that failed once failed when it was run again. */
export interface FailureRate {
  /** Number of the first run. */
  readonly run: number;
  readonly seed: number;
  /** The first one counts. */
  readonly runs: number;
  readonly failed: number;
}

export interface Soak {
  readonly schemaVersion: number;
  /** ISO 8601, UTC */
  readonly startedAt: string;
  readonly elapsedMs: number;
  readonly interrupted: boolean;
  readonly exitCode: number;
  /** Why it ended, a sentence. */
  readonly ended: string;
  /** Arguments that run it again, as they are typed behind `npm run soak --`. */
  readonly again: string;
  /** From which the runs' are made. */
  readonly seed: number;
  readonly environment: Environment;
  readonly runs: readonly SoakRun[];
  readonly rates: readonly FailureRate[];
  /** Name of the folder with the report of all runs; null if there is none. */
  readonly merged: string | null;
  /** Runs whose log is not in that report, since the disk's budget was used up. */
  readonly leftOut: number;
  readonly disk: { readonly bytes: number; readonly budgetBytes: number };
}
