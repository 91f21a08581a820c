// SPDX-License-Identifier: GPL-2.0-only
/** A schedule: all that is needed to see the same steps again. */
import type { Decision } from './schedule_words.ts';

/** Version of the form. */
export const SCHEDULE_FORMAT = 1;

export interface Schedule {
  readonly format: number;
  /** `kioctx 0.1.0` */
  readonly tool: string;
  /** Over the compiled sources that a CPU runs: another one may leave the recording. */
  readonly source: string;
  readonly scenario: string;
  /** Slugs. */
  readonly reverted: readonly string[];
  /** By CPU. */
  readonly roles: readonly string[];
  /** Of the workload. */
  readonly seed: number;
  /** Turns of each thread of user space; null for the scenario's own. */
  readonly turns: number | null;
  readonly memory: 'sc' | 'tso' | 'weak';
  readonly arenaMib: number;
  readonly maxSteps: number;
  /** Where it leaves the default schedule. */
  readonly decisions: readonly Decision[];
  /** Over all steps; null if it has not been run. */
  readonly hash: number | null;
}
