// SPDX-License-Identifier: GPL-2.0-only
/** What a benchmark is asked to do: the command line, checked and with every default filled in. */
import { readOptions } from '../cli/command_line.ts';
import { whyUnwritable } from '../cli/files.ts';
import { filled, flagOf, type Given, OUTPUT, type Row, row, toggle, VERSION, whole } from '../cli/option_table.ts';
import { checkOutput } from '../cli/output.ts';
import { either, nearest, UsageError } from '../cli/usage_error.ts';
import { BLOCKS } from '../compare/criteria.ts';
import { toolVersion } from '../host/environment.ts';
import { PARTS, type PartName } from './bench_result.ts';

export interface BenchOptions {
  readonly only: readonly PartName[];
  readonly rounds: number;
  readonly ms: number;
  readonly quick: boolean;
  /** Files to write besides; null for none. */
  readonly json: string | null;
  readonly html: string | null;
  /** An earlier bench.json; null for none. */
  readonly compare: string | null;
  readonly output: string;
  /** Arguments that ask for the same. */
  readonly again: string;
}

const NAME = 'npm run bench --';
export const ROUNDS = 12;
const MS = 60;
const QUICK_MS = 20;
const ROUNDS_MAX = 1000;
const MS_MAX = 60_000;

const AFTER = `
Parts:
  locks        the kernel's locks, others in JavaScript, and C's; from 1 to 16 threads
  fairness     how the lockings of a second are shared out among the threads
  port         submit, complete and reap; beside the same in C, and the kernel's own AIO
  instruments  what a hook, lock_stat, lockdep, the flight recorder and KASAN cost
  scaling      events a second of the stress test, over threads, contexts and ring size
  latency      grace periods and io_destroy(), over the number of CPUs
  startup      starting a pool of threads
  memory       RAM of contexts and requests
  schedules    the deterministic engine

Ratios are those of windows of the same round. Behind them stands half the distance between the quartiles; a figure
with a ! has noisy rounds in it, in which others kept the CPUs busy, because too few others were left.
Nothing fails because it is slow. A comparison needs ${BLOCKS} rounds in both files.

Examples:
  ${NAME}
  ${NAME} --quick
  ${NAME} --only locks,port --rounds 20
  ${NAME} --only port --compare reports/bench-20261121T150000Z/bench.json

Exit codes: 0 done, 1 usage, 6 harness, 129, 130 and 143 interrupted; what was measured is written in any case.
`;

function parts(text: string, flag: string): readonly PartName[] {
  const names = text.split(',').map((name) => name.trim());
  for (const name of names) {
    if (!PARTS.some((part) => part === name)) {
      throw new UsageError(
        'unknown-name',
        `${flag} has no part '${name}', ${either(PARTS)} is allowed; ` +
          `type for example ${flag} ${nearest(name, PARTS)[0]}`,
      );
    }
  }
  return PARTS.filter((part) => names.includes(part));
}

const file = (help: string): Row<string> =>
  row('<file>', help, (text, flag) => {
    if (text !== '') return text;
    throw new UsageError('bad-value', `${flag} needs the name of a file, not ''; type for example ${flag} bench.json`);
  });

/** Tried before anything is measured: minutes later there would be nowhere to write. */
const newFile = (help: string): Row<string> =>
  row('<file>', help, (text, flag) => {
    const why = whyUnwritable(file(help).read(text, flag));
    if (why === null) return text;
    throw new UsageError(
      'output',
      `${flag} '${text}' cannot be written, ${why}; it takes a file in a folder that is there or can be made, ` +
        `type for example ${flag} bench.json`,
    );
  });

/** The options, as of `npm run stress`. */
export const BENCH = {
  only: { ...row('<parts>', 'only these parts, comma between', parts), usualText: 'all' },
  rounds: {
    ...whole('rounds that count', 1, ROUNDS_MAX, ROUNDS),
    usualText: `${ROUNDS}, with --quick ${BLOCKS}`,
  },
  ms: { ...whole('length of a window', 1, MS_MAX, MS), usualText: `${MS}, with --quick ${QUICK_MS}` },
  quick: toggle('less of everything, in some two minutes'),
  json: newFile('write bench.json there as well'),
  html: newFile('write the page there as well'),
  compare: file('say what moved since an earlier bench.json'),
  output: OUTPUT,
  version: VERSION,
};

const PROGRAM = {
  name: NAME,
  about: 'Measures locks, the port, its instruments and its engines, beside the same in C where there is a gcc.',
  stray: `, only options are allowed; type for example ${NAME} --only locks,port`,
  after: AFTER,
};

/** Those that ask for the same figures, as they are typed. */
const againOf = (given: Given<typeof BENCH>): string =>
  (['only', 'rounds', 'ms', 'quick'] as const)
    .filter((name) => given[name] !== undefined)
    .map((name) => (given[name] === true ? flagOf(name) : `${flagOf(name)} ${given[name]}`))
    .join(' ');

/** @returns the options, or the text that was asked for @throws UsageError */
export function parseBench(argv: readonly string[]): BenchOptions | string {
  const given = readOptions(PROGRAM, BENCH, argv);
  if (typeof given === 'string') return given;
  if (given.version) return `${toolVersion()}\n`;
  const { output, only, rounds, ms, quick = false, json = null, html = null, compare = null } = filled(BENCH, given);
  checkOutput(output);
  return {
    only: only ?? PARTS,
    rounds: rounds ?? (quick ? BLOCKS : ROUNDS),
    ms: ms ?? (quick ? QUICK_MS : MS),
    quick,
    json,
    html,
    compare,
    output,
    again: againOf(given),
  };
}
