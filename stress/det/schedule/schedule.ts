// SPDX-License-Identifier: GPL-2.0-only
/** A schedule: all that is needed to see the same steps again. */
import type { Rcu } from '../../../src/arch/sab/cpu.ts';
import { MEMORIES, type Memory } from '../../../src/det/state.ts';
import { UsageError } from '../../cli/usage_error.ts';
import type { Decision } from './words.ts';

export { MEMORIES, type Memory };

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
  /** Slugs; absent for none. */
  readonly applied?: readonly string[] | undefined;
  /** Absent for a classic one. */
  readonly rcu?: Rcu | undefined;
  /** By CPU. */
  readonly roles: readonly string[];
  /** Of the workload. */
  readonly seed: number;
  /** Turns of each thread of user space; null for the scenario's own. */
  readonly turns: number | null;
  readonly memory: Memory;
  readonly arenaMib: number;
  readonly maxSteps: number;
  /** Where it leaves the default schedule. */
  readonly decisions: readonly Decision[];
  /** Over all steps; null if it has not been run. */
  readonly hash: number | null;
}

export const badSchedule = (what: string, allowed: string, next: string): UsageError =>
  new UsageError('schedule', `--replay: the schedule ${what}, ${allowed}; ${next}`);

export const otherFormat = (format: string): UsageError =>
  badSchedule(
    `is of format ${format}`,
    `this version reads format ${SCHEDULE_FORMAT}`,
    'check out the commit that wrote it and type the same there',
  );
