// SPDX-License-Identifier: GPL-2.0-only
/** What a soak is asked to do: the command line, checked and with every default filled in. */
import { randomInt } from 'node:crypto';
import { Command, Option } from 'commander';
import { type OwnWords, quoted, readCommandLine } from '../cli/command_line.ts';
import { checkOutput } from '../cli/output.ts';
import { nearest, UsageError } from '../cli/usage_error.ts';
import { seed as readSeed, wholeNumber } from '../cli/values.ts';

export interface SoakOptions {
  /** Of the whole soak. */
  readonly durationMs: number;
  /** Of each run. */
  readonly runMs: number;
  readonly threads: number;
  readonly budgetBytes: number;
  /** Folders of runs that are kept whole. */
  readonly keep: number;
  readonly seed: number;
  /** How often a failing seed is run again. */
  readonly rerun: number;
  /** `2/4`, as the stress test takes it; null for the whole. */
  readonly shard: string | null;
  readonly output: string;
  /** Further arguments of each run. */
  readonly passOn: readonly string[];
}

interface Typed {
  readonly hours?: number;
  readonly minutes?: number;
  readonly runMinutes?: number;
  readonly threads: number;
  readonly diskGib: number;
  readonly keep: number;
  readonly seed?: number;
  readonly rerun: number;
  readonly shard?: string;
  readonly output: string;
}

const MINUTE_MS = 60_000;
const GIB = 2 ** 30;
const DURATION_MAX_MS = 365 * 24 * 60 * MINUTE_MS;
/** What the soak gives each run itself. */
const ITS_OWN = [
  '--threads',
  '--minutes',
  '--duration',
  '--seed',
  '--shard',
  '--output',
  '--sweep',
  '--list',
  '--help',
];

const AFTER = `
Everything behind a -- of its own is passed on to each run:
  npm run soak -- --hours 8 --threads 16
  npm run soak -- --hours 8 -- --scenario 'head_*' --perturb heavy

Exit codes are the runs' own, the worst of them: 0 passed, 1 usage, 2 forbidden outcome, 3 hang, 4 inconclusive,
5 threshold, 6 harness, 129, 130 and 143 interrupted; the report so far is written in any case.
`;

/** A number of units above 0, as `unit` of them. */
const amount =
  (flag: string, what: string, unit: number, most: number, example: string) =>
  (text: string): number => {
    const n = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) * unit : Number.NaN;
    if (n > 0 && n <= most) return n;
    throw new UsageError(
      'bad-value',
      `${flag} takes a number of ${what} of more than 0 and at most ${most / unit}, not '${text}'; ` +
        `type for example ${flag} ${example}`,
    );
  };

function shard(text: string): string {
  const [, index, of] = /^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? [];
  if (index !== undefined && of !== undefined && Number(index) >= 1 && Number(index) <= Number(of)) return text;
  throw new UsageError(
    'bad-value',
    `--shard takes which part of how many, the first is 1/4 and the last 4/4, not '${text}'; ` +
      'type for example --shard 1/4',
  );
}

function commandLine(): Command {
  const time = (flag: string, unit: number, what: string, example: string): ((text: string) => number) =>
    amount(flag, what, unit, DURATION_MAX_MS, example);
  return new Command('npm run soak --')
    .description('Runs the stress test again and again with other seeds, keeps what matters, and ends with one report.')
    .helpOption('--help', 'print this')
    .addOption(
      new Option('--hours <h>', 'how long in all, decimals allowed (default: 1)')
        .argParser(time('--hours', 60 * MINUTE_MS, 'hours', '8'))
        .conflicts('minutes'),
    )
    .addOption(
      new Option('--minutes <m>', 'the same in minutes').argParser(time('--minutes', MINUTE_MS, 'minutes', '90')),
    )
    .addOption(
      new Option('--run-minutes <m>', 'how long each run takes (default: 10)').argParser(
        time('--run-minutes', MINUTE_MS, 'minutes', '10'),
      ),
    )
    .addOption(
      new Option('--threads <n>', 'worker threads of each run')
        .default(16)
        .argParser(wholeNumber('--threads', 1, 256, 16)),
    )
    .addOption(
      new Option('--disk-gib <n>', 'room for all folders, GiB')
        .default(8 * GIB, '8')
        .argParser(amount('--disk-gib', 'GiB', GIB, 1e6 * GIB, '8')),
    )
    .addOption(
      new Option('--keep <n>', 'folders of the worst runs that are kept whole')
        .default(5)
        .argParser(wholeNumber('--keep', 0, 10_000, 5)),
    )
    .addOption(
      new Option('--seed <n>', 'from which the seeds of the runs are made (default: random)').argParser(readSeed),
    )
    .addOption(
      new Option('--rerun <n>', 'how often a failing seed is run again')
        .default(5)
        .argParser(wholeNumber('--rerun', 0, 1000, 5)),
    )
    .addOption(new Option('--shard <i/n>', 'only this part of the seeds').argParser(shard))
    .option('--output <dir>', 'folder for the reports', 'reports')
    .addHelpText('after', AFTER);
}

/** Half of the options that it does not have are those of the stress test. */
const ownWords: OwnWords = ({ code, message }, { options }) => {
  if (code !== 'commander.unknownOption') return null;
  const [typed = ''] = quoted(message);
  const [like] = nearest(
    typed,
    options.map(({ long }) => long ?? ''),
  );
  return new UsageError(
    'unknown-option',
    `there is no option '${typed}', the nearest is ${like}; options of the stress test stand ` +
      'behind a -- of their own, type --help for all others',
  );
};

function checkPassedOn(args: readonly string[]): void {
  const own = args.map((arg) => arg.replace(/=.*$/, '')).find((arg) => ITS_OWN.includes(arg));
  if (own === undefined) return;
  throw new UsageError(
    'contradiction',
    `${own} cannot be passed on, the soak gives each run its own; ` +
      `type ${own === '--sweep' || own === '--list' ? 'npm run stress' : 'npm run soak'} -- --help for what there is`,
  );
}

/** @returns the options, or the text of the help that was asked for @throws UsageError */
export function parseSoak(argv: readonly string[]): SoakOptions | string {
  const split = argv.indexOf('--');
  const passOn = split < 0 ? [] : argv.slice(split + 1);
  const command = commandLine().allowExcessArguments(true);
  const help = readCommandLine(command, split < 0 ? argv : argv.slice(0, split), ownWords);
  if (help !== null) return help;
  const [stray] = command.args;
  if (stray !== undefined) {
    throw new UsageError('unexpected-argument', `'${stray}' belongs to no option; type for example --hours 8`);
  }
  checkPassedOn(passOn);
  const typed = command.opts<Typed>();
  checkOutput(typed.output);
  const durationMs = Math.round(typed.hours ?? typed.minutes ?? 60 * MINUTE_MS);
  return {
    durationMs,
    runMs: Math.min(durationMs, Math.round(typed.runMinutes ?? 10 * MINUTE_MS)),
    threads: typed.threads,
    budgetBytes: typed.diskGib,
    keep: typed.keep,
    seed: typed.seed ?? randomInt(2 ** 32),
    rerun: typed.rerun,
    shard: typed.shard ?? null,
    output: typed.output,
    passOn,
  };
}
