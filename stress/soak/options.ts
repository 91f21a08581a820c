// SPDX-License-Identifier: GPL-2.0-only
/** What a soak is asked to do: the command line, checked and with every default filled in. */
import { randomInt } from 'node:crypto';
import { Command, CommanderError, Option } from 'commander';
import { nearest, UsageError } from '../options_error.ts';
import { checkOutput } from '../options_output.ts';
import { seed as readSeed, wholeNumber } from '../options_values.ts';

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
5 threshold, 6 harness, 130 and 143 interrupted; the report so far is written in any case.
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

/** @param error - of commander */
function usageError(error: CommanderError, command: Command): UsageError {
  const [, flag = ''] = /'(--[\w-]+)/.exec(error.message) ?? [];
  const known = command.options.map((option) => option.long ?? '');
  if (error.code === 'commander.unknownOption') {
    const [typed = flag] = /unknown option '([^']*)'/.exec(error.message)?.slice(1) ?? [];
    return new UsageError(
      'unknown-option',
      `there is no option '${typed}', the nearest is ${nearest(typed, known)[0]}; options of the stress test stand ` +
        'behind a -- of their own, type --help for all others',
    );
  }
  if (error.code === 'commander.optionMissingArgument') {
    return new UsageError(
      'missing-value',
      `${flag} needs a value behind it and has none; type --help for what it takes`,
    );
  }
  if (error.code === 'commander.conflictingOption') {
    return new UsageError('contradiction', '--hours and --minutes say the same; leave one of them out');
  }
  return new UsageError('bad-value', `${error.message.replace(/^error: /, '')}; type --help for what is allowed`);
}

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
  let printed = '';
  const command = commandLine()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        printed += text;
      },
      writeErr: () => undefined,
      getOutHelpWidth: () => 100,
      getOutHasColors: () => false,
    })
    .allowExcessArguments(true);
  try {
    command.parse([...(split < 0 ? argv : argv.slice(0, split))], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed') return printed;
    throw usageError(error, command);
  }
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
