// SPDX-License-Identifier: GPL-2.0-only
/** What a soak is asked to do: the command line, checked and with every default filled in. */
import { randomInt } from 'node:crypto';
import { type OwnWords, quoted, readOptions } from '../cli/command_line.ts';
import { filled, OUTPUT, type Row, row, SEED, SHARD, VERSION, whole } from '../cli/option_table.ts';
import { checkOutput } from '../cli/output.ts';
import { nearest, UsageError } from '../cli/usage_error.ts';
import { decimal } from '../cli/values.ts';
import { toolVersion } from '../host/environment.ts';

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

/** A number of units above 0. */
const amount = (value: string, help: string, what: string, unit: number, most: number, example: string): Row<number> =>
  row(value, help, (text, flag) => {
    const n = decimal(text) * unit;
    if (n > 0 && n <= most) return n;
    throw new UsageError(
      'bad-value',
      `${flag} takes a number of ${what} of more than 0 and at most ${most / unit}, not '${text}'; ` +
        `type for example ${flag} ${example}`,
    );
  });

const time = (value: string, help: string, what: string, unit: number, example: string): Row<number> =>
  amount(value, help, what, unit, DURATION_MAX_MS, example);

/** The options, as of `npm run stress`. */
export const SOAK = {
  hours: {
    ...time('<h>', 'how long in all, decimals allowed', 'hours', 60 * MINUTE_MS, '8'),
    usualText: '1',
    conflicts: ['minutes'],
  },
  minutes: time('<m>', 'the same in minutes', 'minutes', MINUTE_MS, '90'),
  runMinutes: {
    ...time('<m>', 'how long each run takes', 'minutes', MINUTE_MS, '10'),
    usual: 10 * MINUTE_MS,
    usualText: '10',
  },
  threads: { ...whole('worker threads of each run', 1, 256, 16), usual: 16 },
  diskGib: {
    ...amount('<n>', 'room for all folders, GiB', 'GiB', GIB, 1e6 * GIB, '8'),
    usual: 8 * GIB,
    usualText: '8',
  },
  keep: { ...whole('folders of the worst runs that are kept whole', 0, 10_000, 5), usual: 5 },
  seed: { ...SEED, help: 'from which the seeds of the runs are made; the same one gives the same' },
  rerun: { ...whole('how often a failing seed is run again', 0, 1000, 5), usual: 5 },
  shard: SHARD,
  output: OUTPUT,
  version: VERSION,
};

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

const PROGRAM = {
  name: 'npm run soak --',
  about: 'Runs the stress test again and again with other seeds, keeps what matters, and ends with one report.',
  stray: '; type for example --hours 8',
  after: AFTER,
  ownWords,
};

/** @returns the options, or the text that was asked for @throws UsageError */
export function parseSoak(argv: readonly string[]): SoakOptions | string {
  const split = argv.indexOf('--');
  const passOn = split < 0 ? [] : argv.slice(split + 1);
  const given = readOptions(PROGRAM, SOAK, split < 0 ? argv : argv.slice(0, split));
  if (typeof given === 'string') return given;
  if (given.version) return `${toolVersion()}\n`;
  checkPassedOn(passOn);
  const { hours, minutes, runMinutes, threads, diskGib, keep, seed, rerun, shard, output } = filled(SOAK, given);
  checkOutput(output);
  const durationMs = Math.round(hours ?? minutes ?? 60 * MINUTE_MS);
  return {
    durationMs,
    runMs: Math.min(durationMs, Math.round(runMinutes)),
    threads,
    budgetBytes: diskGib,
    keep,
    seed: seed ?? randomInt(2 ** 32),
    rerun,
    shard: shard === undefined ? null : `${shard.index}/${shard.of}`,
    output,
    passOn,
  };
}
