// SPDX-License-Identifier: GPL-2.0-only
/** The command line of `npm run report` as commander sees it: nothing is read or written. */
import { Command, Option } from 'commander';
import { type OwnWords, quoted, readCommandLine } from '../cli/command_line.ts';
import { either, nearest, UsageError } from '../cli/usage_error.ts';
import { MIN_EFFECT } from '../compare/compare.ts';
import { DEFAULT_REPORTERS, parseReporters, REPORTER_NAMES, type Reporter } from '../options/reporters.ts';

export interface Render {
  readonly kind: 'render';
  readonly folder: string;
  readonly reporters: readonly Reporter[];
  /** null for the run's own folder */
  readonly output: string | null;
}

export const FORMATS = ['text', 'md', 'json'] as const;

export interface Diff {
  readonly kind: 'diff';
  readonly a: string;
  readonly b: string;
  readonly format: (typeof FORMATS)[number];
  /** A share. */
  readonly minEffect: number;
  readonly failOnDifference: boolean;
}

export interface Merge {
  readonly kind: 'merge';
  readonly folders: readonly string[];
  readonly reporters: readonly Reporter[];
  readonly output: string;
}

export interface ExportC {
  readonly kind: 'export-c';
  /** A trace or a finding, as readAsked() takes it. */
  readonly what: string;
  /** null for standard output */
  readonly out: string | null;
}

export interface Help {
  readonly kind: 'help';
  readonly text: string;
}

export type ReportCommand = Render | Diff | Merge | ExportC | Help;

const NAME = 'npm run report --';

const EXAMPLES = {
  report: `
Examples:
  ${NAME} render reports/20261121T024700Z-42
  ${NAME} diff reports/20261121T024700Z-42 reports/20261121T031500Z-42
  ${NAME} merge reports/shard-* --output reports/merged
  ${NAME} export-c stress/conformance/traces/recorded.jsonl#H23-destroy --out check.c

Exit codes: 0 done, 1 usage or no run there, 5 a difference (--fail-on-difference), 6 harness.
`,
  render: `
Examples:
  ${NAME} render reports/20261121T024700Z-42
  ${NAME} render reports/20261121T024700Z-42 --reporter junit,csv --output artefacts
`,
  diff: `
Examples:
  ${NAME} diff reports/before reports/after
  ${NAME} diff reports/before reports/after --min-effect 10% --fail-on-difference
  ${NAME} diff reports/before reports/after --markdown >> "$GITHUB_STEP_SUMMARY"
`,
  merge: `
Examples:
  ${NAME} merge shard-1 shard-2 shard-3 --output reports/merged
`,
  exportC: `
Examples:
  ${NAME} export-c stress/conformance/traces/recorded.jsonl#H23-destroy --out check.c
  ${NAME} export-c reports/20261121T024700Z-42/findings/001-kasan-uaf --out check.c
  gcc -std=gnu11 -Wall -Wextra -Werror -O2 -pthread -o check check.c && ./check
`,
} as const;

/** A share of at most tenfold, as `5%`. */
function share(text: string): number {
  const percent = /^(\d+\.?\d*|\.\d+)%$/.test(text) ? Number(text.slice(0, -1)) : Number.NaN;
  if (percent <= 1000) return percent / 100;
  throw new UsageError(
    'bad-value',
    `--min-effect takes a share from 0% to 1000%, not '${text}'; type for example --min-effect 5%`,
  );
}

const reporterOption = (): Option =>
  new Option('--reporter <names>', `reports to write, comma between: ${REPORTER_NAMES.join(', ')}`)
    .default(DEFAULT_REPORTERS, DEFAULT_REPORTERS.join(','))
    .argParser(parseReporters);

interface RenderOptions {
  readonly reporter: readonly Reporter[];
  readonly output?: string;
}
interface DiffOptions {
  readonly json?: true;
  readonly markdown?: true;
  readonly minEffect: number;
  readonly failOnDifference?: true;
}
interface MergeOptions {
  readonly reporter: readonly Reporter[];
  readonly output: string;
}

/** @param take - takes what was asked for */
function build(take: (asked: ReportCommand) => void): Command {
  const command = new Command(NAME)
    .description(
      'Renders, compares and merges runs, from the event logs in their folders; writes findings as C programs.',
    )
    .helpOption('--help', 'print this')
    .helpCommand(false)
    .addHelpText('after', EXAMPLES.report);
  command
    .command('render')
    .description("Makes a run's reports again, also those of a run that was killed.")
    .argument('<dir>', 'folder of the run')
    .addOption(reporterOption())
    .option('--output <dir>', 'folder for the reports, not there yet or empty (default: that of the run)')
    .addHelpText('after', EXAMPLES.render)
    .action((folder: string, { reporter, output }: RenderOptions) =>
      take({ kind: 'render', folder, reporters: reporter, output: output ?? null }),
    );
  command
    .command('diff')
    .description('Compares throughput, locks and latencies of two runs, and says what moved by more than their noise.')
    .argument('<a>', 'folder of the run that is compared with')
    .argument('<b>', 'folder of the run that is compared')
    .addOption(new Option('--json', 'print the comparison as JSON').conflicts('markdown'))
    .option('--markdown', 'print it as Markdown')
    .addOption(
      new Option('--min-effect <share>', 'smallest difference of interest')
        .default(MIN_EFFECT, `${100 * MIN_EFFECT}%`)
        .argParser(share),
    )
    .option('--fail-on-difference', 'exit with 5 if anything moved')
    .addHelpText('after', EXAMPLES.diff)
    .action((a: string, b: string, { json, markdown, minEffect, failOnDifference }: DiffOptions) =>
      take({
        ...{ kind: 'diff', a, b, minEffect, failOnDifference: failOnDifference ?? false },
        format: json ? 'json' : markdown ? 'md' : 'text',
      }),
    );
  command
    .command('merge')
    .description('Adds runs up, such as the shards of one, and makes the reports of them all.')
    .argument('<dirs...>', 'folders of the runs')
    .addOption(reporterOption())
    .requiredOption('--output <dir>', 'folder for the merged run, not there yet or empty')
    .addHelpText('after', EXAMPLES.merge)
    .action((folders: readonly string[], { reporter, output }: MergeOptions) =>
      take({ kind: 'merge', folders, reporters: reporter, output }),
    );
  command
    .command('export-c')
    .description('Writes a C program that does on a real kernel what a trace or a finding did, and says PASS or FAIL.')
    .argument('<finding>', 'folder or schedule.json of a finding, or FILE.jsonl#ID of a trace')
    .option('--out <file>', 'file for the program, not there yet (default: standard output)')
    .addHelpText('after', EXAMPLES.exportC)
    .action((what: string, { out }: { readonly out?: string }) => take({ kind: 'export-c', what, out: out ?? null }));
  return command;
}

/** What is to be typed for each command. */
const USAGE: Readonly<Record<string, string>> = {
  render: `${NAME} render DIR`,
  diff: `${NAME} diff A B`,
  merge: `${NAME} merge DIR… --output DIR`,
  'export-c': `${NAME} export-c FINDING --out FILE`,
};
const COMMANDS = Object.keys(USAGE);

const ownWords: OwnWords = ({ code, message }, used) => {
  const [first = ''] = quoted(message);
  const usage = USAGE[used.name()] ?? `${NAME} --help`;
  switch (code) {
    case 'commander.unknownCommand': {
      const [like = ''] = nearest(first, COMMANDS);
      return new UsageError(
        'unknown-name',
        `there is no command '${first}', ${either(COMMANDS)} is allowed; type ${USAGE[like]}`,
      );
    }
    case 'commander.missingMandatoryOptionValue':
      return new UsageError('missing-value', `merge needs --output DIR for the merged run; type ${usage}`);
    case 'commander.missingArgument':
      if (used.name() === 'export-c') {
        return new UsageError('missing-value', `export-c needs a finding or a trace; type ${usage}`);
      }
      return new UsageError(
        'missing-value',
        `${used.name()} needs the folder ${first.toUpperCase()} of a run; type ${usage}`,
      );
    case 'commander.excessArguments':
      return new UsageError('unexpected-argument', `${used.name()} takes no more than that; type ${usage}`);
    default:
      return null;
  }
};

/** @throws UsageError */
export function readReportCommand(argv: readonly string[]): ReportCommand {
  if (argv.length === 0) {
    throw new UsageError('missing-value', `a command is needed, ${either(COMMANDS)}; type ${NAME} --help for examples`);
  }
  let asked: ReportCommand | null = null;
  const command = build((found) => {
    asked = found;
  });
  const help = readCommandLine(command, argv, ownWords);
  return asked ?? { kind: 'help', text: help ?? '' };
}
