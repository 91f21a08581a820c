// SPDX-License-Identifier: GPL-2.0-only
/** The policies by name. Options, help and tests are made from this table; a new policy is a file and a line here. */
import type { DetState } from '../state.ts';
import { pct } from './pct.ts';
import { pos } from './pos.ts';
import { random } from './random.ts';
import type { Scheduler } from './scheduler.ts';
import { script } from './script.ts';

export const SCHEDULERS = { script, random, pct, pos } as const satisfies Record<string, Scheduler>;
export type SchedulerName = keyof typeof SCHEDULERS;
/** Those that draw schedules by themselves. */
export type Policy = Exclude<SchedulerName, 'script'>;
export const POLICIES = Object.keys(SCHEDULERS).filter((name): name is Policy => name !== 'script');

const ALL: readonly Scheduler[] = Object.values(SCHEDULERS);
/** What stands for a policy in the shared words. */
export const numberOf = (name: SchedulerName): number => Object.keys(SCHEDULERS).indexOf(name);
export const schedulerOf = (number: number): Scheduler => ALL[number] as Scheduler;
/** Whether a recording is followed. */
export const isScript = ({ round }: DetState): boolean => schedulerOf(round.scheduler) === script;
