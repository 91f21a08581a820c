// SPDX-License-Identifier: GPL-2.0-only
/** Which steps of other threads a step must wait for, so that they come in the order of the recording. */
import type { Act } from './finding_ops.ts';

/** How many steps of another thread must be done, or have begun. */
export interface Await {
  readonly cpu: number;
  readonly what: 'begun' | 'done';
  readonly steps: number;
}

/**
 * What each of one thread's acts waits for: what had been done when it began, and what had begun. What it has waited
 * for before is left out.
 * @param acts - of all threads, by when they began
 * @returns in the order of the thread's acts
 */
export function awaits(acts: readonly Act[], cpu: number): Await[][] {
  const known = new Map<string, number>();
  const others = [...new Set(acts.map((act) => act.cpu))].filter((other) => other !== cpu);
  const isNew = ({ cpu: other, what, steps }: Await): boolean => {
    const atLeast = Math.max(
      known.get(`${other} done`) ?? 0,
      what === 'begun' ? (known.get(`${other} begun`) ?? 0) : 0,
    );
    if (steps <= atLeast) return false;
    known.set(`${other} ${what}`, steps);
    return true;
  };
  return acts
    .filter((act) => act.cpu === cpu)
    .map(({ start }) =>
      others
        .flatMap((other): Await[] => {
          const theirs = acts.filter((act) => act.cpu === other);
          const done = theirs.filter(({ end }) => end < start).length;
          const begun = theirs.filter((act) => act.start < start).length;
          return [
            { cpu: other, what: 'done', steps: done },
            { cpu: other, what: 'begun', steps: begun },
          ];
        })
        .filter(isNew),
    );
}
