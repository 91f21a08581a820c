// SPDX-License-Identifier: GPL-2.0-only
/** The command line of `npm run report` as commander sees it: nothing is read or written. */
import { Command } from 'commander';
import { type OwnWords, quoted, readCommandLine, withOptions } from '../cli/command_line.ts';
import { type Filled, filled, type Given, row, type Table, toggle } from '../cli/option_table.ts';
import { either, nearest, UsageError } from '../cli/usage_error.ts';
import { decimal } from '../cli/values.ts';
import { MIN_EFFECT } from '../compare/criteria.ts';
import { toolVersion } from '../host/environment.ts';
import { REPORTER } from '../options/reporters.ts';

const NAME = 'npm run report --';

/** A word by its name, as it is typed and what it means; `<dirs...>` is several. */
type Words = Readonly<Record<string, readonly [typed: string, meaning: string]>>;

/** A command. */
interface Sub {
  readonly about: string;
  readonly words: Words;
  /** What is to be typed, without the name of the program. */
  readonly usage: string;
  readonly examples: string;
  readonly table: Table;
}

const folder = (help: string) => row('<dir>', help, (text) => text);

/** A share of at most tenfold, as `5%`. */
function share(text: string, flag: string): number {
  const percent = text.endsWith('%') ? decimal(text.slice(0, -1)) : Number.NaN;
  if (percent <= 1000) return percent / 100;
  throw new UsageError(
    'bad-value',
    `${flag} takes a share from 0% to 1000%, not '${text}'; type for example ${flag} 5%`,
  );
}

const COMMANDS = {
  render: {
    about: "Makes a run's reports again, also those of a run that was killed.",
    words: { folder: ['<dir>', 'folder of the run'] },
    usage: 'render DIR',
    examples: `
  ${NAME} render reports/20261121T024700Z-42
  ${NAME} render reports/20261121T024700Z-42 --reporter junit,csv --output artefacts
`,
    table: {
      reporter: REPORTER,
      output: { ...folder('folder for the reports, not there yet or empty'), usualText: 'that of the run' },
    },
  },
  diff: {
    about: 'Compares throughput, locks and latencies of two runs, and says what moved by more than their noise.',
    words: {
      a: ['<a>', 'folder of the run that is compared with'],
      b: ['<b>', 'folder of the run that is compared'],
    },
    usage: 'diff A B',
    examples: `
  ${NAME} diff reports/before reports/after
  ${NAME} diff reports/before reports/after --min-effect 10% --fail-on-difference
  ${NAME} diff reports/before reports/after --markdown >> "$GITHUB_STEP_SUMMARY"
`,
    table: {
      json: { ...toggle('print the comparison as JSON'), conflicts: ['markdown'] },
      markdown: toggle('print it as Markdown'),
      minEffect: {
        ...row('<share>', 'smallest difference of interest', share),
        usual: MIN_EFFECT,
        usualText: `${100 * MIN_EFFECT}%`,
      },
      failOnDifference: toggle('exit with 5 if anything moved'),
    },
  },
  merge: {
    about: 'Adds runs up, such as the shards of one, and makes the reports of them all.',
    words: { folders: ['<dirs...>', 'folders of the runs'] },
    usage: 'merge DIR… --output DIR',
    examples: `
  ${NAME} merge shard-1 shard-2 shard-3 --output reports/merged
`,
    table: {
      reporter: REPORTER,
      output: { ...folder('folder for the merged run, not there yet or empty'), required: true },
    },
  },
  'export-c': {
    about: 'Writes a C program that does on a real kernel what a trace or a finding did, and says PASS or FAIL.',
    words: { what: ['<finding>', 'folder or schedule.json of a finding, or FILE.jsonl#ID of a trace'] },
    usage: 'export-c FINDING --out FILE',
    examples: `
  ${NAME} export-c stress/conformance/traces/recorded.jsonl#H23-destroy --out check.c
  ${NAME} export-c reports/20261121T024700Z-42/findings/001-kasan-uaf --out check.c
  gcc -std=gnu11 -Wall -Wextra -Werror -O2 -pthread -o check check.c && ./check
`,
    table: {
      out: {
        ...row('<file>', 'file for the program, not there yet', (text) => text),
        usualText: 'standard output',
      },
    },
  },
} as const satisfies Readonly<Record<string, Sub>>;
type Name = keyof typeof COMMANDS;

type WordsOf<W extends Words> = {
  readonly [K in keyof W]: W[K] extends readonly [`${string}...>`, string] ? readonly string[] : string;
};
/** What a command is asked to do: its words and options. */
export type Asked<N extends Name> = { readonly kind: N } & WordsOf<(typeof COMMANDS)[N]['words']> &
  Filled<(typeof COMMANDS)[N]['table']>;
export type ReportCommand = { readonly [N in Name]: Asked<N> }[Name];

const NAMES = Object.keys(COMMANDS);
const isName = (name: string): name is Name => Object.hasOwn(COMMANDS, name);

const AFTER = `
Examples:
  ${NAME} render reports/20261121T024700Z-42
  ${NAME} diff reports/20261121T024700Z-42 reports/20261121T031500Z-42
  ${NAME} merge reports/shard-* --output reports/merged
  ${NAME} export-c stress/conformance/traces/recorded.jsonl#H23-destroy --out check.c

Exit codes: 0 done, 1 usage or no run there, 5 a difference (--fail-on-difference), 6 harness.
`;

/** @param take - takes what was asked for */
function build(take: (asked: ReportCommand) => void): Command {
  const command = new Command(NAME)
    .description(
      'Renders, compares and merges runs, from the event logs in their folders; writes findings as C programs.',
    )
    .helpOption('--help', 'print this')
    .version(toolVersion(), '--version', 'print the version')
    .helpCommand(false)
    .addHelpText('after', AFTER);
  for (const [kind, { about, words, examples, table }] of Object.entries<Sub>(COMMANDS)) {
    const one = command.command(kind).description(about).addHelpText('after', `\nExamples:${examples}`);
    for (const [typed, meaning] of Object.values(words)) one.argument(typed, meaning);
    withOptions(one, table).action(() => {
      const typed = Object.fromEntries(Object.keys(words).map((name, i) => [name, one.processedArgs[i]]));
      take({ kind, ...typed, ...filled(table, one.opts<Given<Table>>()) } as ReportCommand);
    });
  }
  return command;
}

const ownWords: OwnWords = ({ code, message }, used) => {
  const [first = ''] = quoted(message);
  const name = used.name();
  const usage = `${NAME} ${isName(name) ? COMMANDS[name].usage : '--help'}`;
  switch (code) {
    case 'commander.unknownCommand': {
      const [like = ''] = nearest(first, NAMES);
      return new UsageError(
        'unknown-name',
        `there is no command '${first}', ${either(NAMES)} is allowed; ` +
          `type ${NAME} ${isName(like) ? COMMANDS[like].usage : ''}`,
      );
    }
    case 'commander.missingMandatoryOptionValue':
      return new UsageError('missing-value', `merge needs --output DIR for the merged run; type ${usage}`);
    case 'commander.missingArgument': {
      const what = name === 'export-c' ? 'a finding or a trace' : `the folder ${first.toUpperCase()} of a run`;
      return new UsageError('missing-value', `${name} needs ${what}; type ${usage}`);
    }
    case 'commander.excessArguments':
      return new UsageError('unexpected-argument', `${name} takes no more than that; type ${usage}`);
    default:
      return null;
  }
};

/** @returns what is asked for, or the text of the help @throws UsageError */
export function readReportCommand(argv: readonly string[]): ReportCommand | string {
  if (argv.length === 0) {
    throw new UsageError('missing-value', `a command is needed, ${either(NAMES)}; type ${NAME} --help for examples`);
  }
  const asked: ReportCommand[] = [];
  const help = readCommandLine(
    build((found) => asked.push(found)),
    argv,
    ownWords,
  );
  return asked[0] ?? help ?? '';
}
