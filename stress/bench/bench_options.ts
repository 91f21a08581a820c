// SPDX-License-Identifier: GPL-2.0-only
/** What a benchmark is asked to do: the command line, checked and with every default filled in. */
import { Command, Option } from 'commander';
import { readCommandLine } from '../cli/command_line.ts';
import { whyUnwritable } from '../cli/files.ts';
import { checkOutput } from '../cli/output.ts';
import { either, nearest, UsageError } from '../cli/usage_error.ts';
import { wholeNumber } from '../cli/values.ts';
import { BLOCKS } from '../compare/statistics/noise.ts';
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

interface Typed {
  readonly only?: readonly PartName[];
  readonly rounds?: number;
  readonly ms?: number;
  readonly quick?: true;
  readonly json?: string;
  readonly html?: string;
  readonly compare?: string;
  readonly output: string;
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

function parts(text: string): readonly PartName[] {
  const names = text.split(',').map((name) => name.trim());
  for (const name of names) {
    if (!PARTS.some((part) => part === name)) {
      throw new UsageError(
        'unknown-name',
        `--only has no part '${name}', ${either(PARTS)} is allowed; type for example --only ${nearest(name, PARTS)[0]}`,
      );
    }
  }
  return PARTS.filter((part) => names.includes(part));
}

const fileOption = (flag: string, what: string, check: (file: string) => void): Option =>
  new Option(`${flag} <file>`, what).argParser((text: string) => {
    if (text === '') {
      throw new UsageError(
        'bad-value',
        `${flag} needs the name of a file, not ''; type for example ${flag} bench.json`,
      );
    }
    check(text);
    return text;
  });

/** Before anything is measured: minutes later there would be nowhere to write. */
const writable = (flag: string) => (file: string) => {
  const why = whyUnwritable(file);
  if (why === null) return;
  throw new UsageError(
    'output',
    `${flag} '${file}' cannot be written, ${why}; it takes a file in a folder that is there or can be made, ` +
      `type for example ${flag} bench.json`,
  );
};

const commandLine = (): Command =>
  new Command(NAME)
    .description(
      'Measures locks, the port, its instruments and its engines, beside the same in C where there is a gcc.',
    )
    .helpOption('--help', 'print this')
    .addOption(new Option('--only <parts>', 'only these parts, comma between (default: all)').argParser(parts))
    .addOption(
      new Option('--rounds <n>', `rounds that count (default: ${ROUNDS}, with --quick ${BLOCKS})`).argParser(
        wholeNumber('--rounds', 1, ROUNDS_MAX, ROUNDS),
      ),
    )
    .addOption(
      new Option('--ms <n>', `length of a window (default: ${MS}, with --quick ${QUICK_MS})`).argParser(
        wholeNumber('--ms', 1, MS_MAX, MS),
      ),
    )
    .option('--quick', 'less of everything, in some two minutes')
    .addOption(fileOption('--json', 'write bench.json there as well', writable('--json')))
    .addOption(fileOption('--html', 'write the page there as well', writable('--html')))
    .addOption(fileOption('--compare', 'say what moved since an earlier bench.json', () => {}))
    .option('--output <dir>', 'folder for the reports', 'reports')
    .allowExcessArguments(true)
    .addHelpText('after', AFTER);

function againOf({ only, rounds, ms, quick }: Typed): string {
  const words = [
    ...(only === undefined ? [] : ['--only', only.join(',')]),
    ...(rounds === undefined ? [] : ['--rounds', `${rounds}`]),
    ...(ms === undefined ? [] : ['--ms', `${ms}`]),
    ...(quick === true ? ['--quick'] : []),
  ];
  return words.join(' ');
}

/** @returns the options, or the text of the help that was asked for @throws UsageError */
export function parseBench(argv: readonly string[]): BenchOptions | string {
  const command = commandLine();
  const help = readCommandLine(command, argv);
  if (help !== null) return help;
  const [stray] = command.args;
  if (stray !== undefined) {
    throw new UsageError(
      'unexpected-argument',
      `'${stray}' belongs to no option, only options are allowed; type for example ${NAME} --only locks,port`,
    );
  }
  const typed = command.opts<Typed>();
  checkOutput(typed.output);
  const quick = typed.quick === true;
  return {
    only: typed.only ?? PARTS,
    rounds: typed.rounds ?? (quick ? BLOCKS : ROUNDS),
    ms: typed.ms ?? (quick ? QUICK_MS : MS),
    quick,
    json: typed.json ?? null,
    html: typed.html ?? null,
    compare: typed.compare ?? null,
    output: typed.output,
    again: againOf(typed),
  };
}
