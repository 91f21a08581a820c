// SPDX-License-Identifier: GPL-2.0-only
/** The command line of `npm run stress`. */
import { readOptions } from '../cli/command_line.ts';
import { STRESS, type StressGiven } from './table.ts';

const PROGRAM = {
  name: 'npm run stress --',
  about: 'Runs the scenarios on the patched and on the reverted build, and reports what surfaced.',
  // `npm run stress --threads 16` keeps the option and passes the 16 on
  stray:
    ', only options are allowed and npm passes them on behind a -- of its own; ' +
    'type for example npm run stress -- --threads 16',
  after: `
Examples:
  npm run stress -- --threads 16 --minutes 10
  npm run stress -- --scenario 'head_*' --build reverted --seed 42
  npm run stress -- --revert serialise_migration,exit_waits --duration 90s
  npm run stress -- --build patched --threshold 'locks.completion_lock.wait.p99 < 5ms' --reporter html,junit
  npm run stress -- --sweep threads=1,2,4,8,16 --minutes 2
  npm run stress -- --engine det --schedules 10000
  npm run stress -- --replay reports/RUN/findings/001-slot-leak/schedule.json

Exit codes: 0 passed, 1 usage, 2 forbidden outcome, 3 hang, 4 inconclusive, 5 threshold, 6 harness, or something could
not be written, 129, 130 and 143 interrupted.
The seed fixes the workload; the schedule is the machine's own and differs from run to run. With --engine det the seed
fixes the schedules, too.
`,
};

/** What is asked for; `given` is what was typed for a run, or a list of scenarios. */
export type Asked =
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'version' }
  | { readonly kind: 'replay'; readonly schedule: string; readonly json: boolean }
  | { readonly kind: 'given'; readonly given: StressGiven };

/** @throws UsageError */
export function readStressCommand(argv: readonly string[]): Asked {
  const given = readOptions(PROGRAM, STRESS, argv);
  if (typeof given === 'string') return { kind: 'help', text: given };
  if (given.version) return { kind: 'version' };
  const { replay, json = false } = given;
  return replay === undefined ? { kind: 'given', given } : { kind: 'replay', schedule: replay, json };
}
