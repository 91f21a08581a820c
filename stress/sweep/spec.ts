// SPDX-License-Identifier: GPL-2.0-only
/** What a sweep takes of the options of the command line, and which it has no use for. */

import type { Reporter } from '../options/reporters.ts';
import { againLine, type Options, UsageError } from '../options/stress_options.ts';

export interface SweepSpec {
  /** Ascending, as parseSweep() returns them. */
  readonly widths: readonly number[];
  /** Of the whole sweep. */
  readonly durationMs: number;
  readonly seed: number;
  /** Folder in which the sweep makes its own. */
  readonly output: string;
  /** Further arguments of each run. */
  readonly passOn: readonly string[];
  /** What is written of each width. */
  readonly reporters: readonly Reporter[];
  /** Arguments that run the sweep again. */
  readonly again: string;
  /** Whether stdout gets the result as JSON, and stderr the table. */
  readonly json: boolean;
}

/** A sweep has a load and a build of its own, and runs that are not judged one by one. */
const useless = (options: Options): string | undefined => {
  const given: readonly (readonly [flag: string, given: boolean])[] = [
    ['--scenario', options.scenarioGiven],
    ['--revert', options.revert.length > 0],
    ['--build', options.build !== 'both'],
    ['--roles', options.roles !== null],
    ['--threshold', options.thresholds.length > 0],
    ['--shard', options.shard !== null],
  ];
  return given.find(([, is]) => is)?.[0];
};

/** @throws UsageError */
export function sweepSpec(options: Options, widths: readonly number[]): SweepSpec {
  const flag = useless(options);
  if (flag !== undefined) {
    throw new UsageError(
      'contradiction',
      `--sweep and ${flag} contradict each other, a sweep runs one load of its own on the patched build; ` +
        `leave ${flag} out, or --sweep`,
    );
  }
  const { durationMs, seed, output, reporters, json } = options;
  const passOn = ['--perturb', options.perturb, '--sanitize', options.sanitize];
  passOn.push('--arena-mib', String(options.arenaMib), '--max-findings', String(options.maxFindings));
  // What is read is the log; a width's reports are made of all its runs.
  passOn.push('--reporter', 'json');
  return { widths, durationMs, seed, output, passOn, reporters, again: againLine(options), json };
}
