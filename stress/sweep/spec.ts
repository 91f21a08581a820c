// SPDX-License-Identifier: GPL-2.0-only
/** What a sweep takes of the options of the command line. */
import type { Options } from '../options/options.ts';
import type { Reporter } from '../options/reporters.ts';
import { againLine } from '../options/stress_options.ts';

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
export function sweepSpec(options: Options, widths: readonly number[]): SweepSpec {
  const { durationMs, seed, output, reporters, json } = options;
  const passOn = ['--perturb', options.perturb, '--sanitize', options.sanitize];
  passOn.push('--arena-mib', String(options.arenaMib), '--max-findings', String(options.maxFindings));
  // What is read is the log; a width's reports are made of all its runs.
  passOn.push('--reporter', 'json');
  return { widths, durationMs, seed, output, passOn, reporters, again: againLine(options), json };
}
