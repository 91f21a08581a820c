// SPDX-License-Identifier: GPL-2.0-only
/** How often a seed fails: once in two runs is another bug than once in a hundred. */
import { plural } from '../text/layout.ts';
import { failed } from './budget.ts';
import type { FailureRate, SoakRun } from './soak_result.ts';

const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(1)}%`;

/** Of each run that failed and was run again. */
export function failureRates(runs: readonly SoakRun[]): FailureRate[] {
  return runs.flatMap((first) => {
    const again = runs.filter(({ rerunOf, exitCode }) => rerunOf === first.number && exitCode < 128);
    if (again.length === 0) return [];
    const all = [first, ...again];
    const failures = all.filter(({ exitCode }) => failed(exitCode));
    return [{ run: first.number, seed: first.seed, runs: all.length, failed: failures.length }];
  });
}

/** `fail=2 (33.3%), pass=4 (66.7%) of 6 runs` */
export function rateText({ runs, failed: fail }: FailureRate): string {
  const pass = runs - fail;
  return `fail=${fail} (${percent(fail, runs)}), pass=${pass} (${percent(pass, runs)}) of ${plural(runs, 'run')}`;
}
