// SPDX-License-Identifier: GPL-2.0-only
/** Which schedules of a case are run twice: each; those that begin it and one in so many; none. */
export const SELF_CHECKS = ['all', 'sampled', 'off'] as const;
export type SelfCheck = (typeof SELF_CHECKS)[number];
const FIRST = 4;
const ONE_IN = 64;

/** @param number - of the schedule, from 1 */
export const isChecked = (number: number, which: SelfCheck): boolean =>
  which === 'all' || (which === 'sampled' && (number <= FIRST || number % ONE_IN === 0));

/** What an exhaustive search counts, and how much of it a schedule may have. */
export interface Bound {
  readonly of: 'preemption' | 'deviation';
  readonly most: number;
}
