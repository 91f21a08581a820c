// SPDX-License-Identifier: GPL-2.0-only
/** What a check of conformance is asked to do: the command line, checked. */
import { Command, Option } from 'commander';
import { readCommandLine } from '../command_line.ts';
import { UsageError } from '../options_error.ts';
import { oneOf, wholeNumber } from '../options_values.ts';
import { TARGETS, type Target } from './evaluate.ts';

export interface ConformanceOptions {
  readonly target: Target;
  /** Files of traces; empty for the project's own. */
  readonly traces: readonly string[];
  /** A file of JSON to write; '-' for the standard output, null for none. */
  readonly json: string | null;
  /** A file of traces to record anew; null to compare. */
  readonly record: string | null;
  /** How long the kernel may take for one op. */
  readonly watchdogMs: number;
}

interface Typed {
  readonly target: Target;
  readonly traces?: readonly string[];
  readonly json?: string | true;
  readonly record?: string;
  readonly watchdog: number;
}

const NAME = 'npm run conformance --';
const WATCHDOG_S = 10;
const WATCHDOG_MAX_S = 3600;

const AFTER = `
A trace is what a process asks of fs/aio, step by step, and what a kernel answered. Targets:
  port    the port answers as v3.17 does: as recorded, but for the known differences
  kernel  the kernel of this host, called through koffi, answers as recorded
  both    both, and beside each other also where nothing was recorded
Where this host's kernel cannot be used, the reason is said, and the recorded answers serve.
stress/conformance/README.md explains the traces, the output and every known difference.

Examples:
  ${NAME}
  ${NAME} --target port --traces stress/conformance/traces/setup.jsonl
  ${NAME} --json conformance.json
  ${NAME} --record mine.jsonl

Exit codes: 0 no difference unexplained, 1 usage, 2 a difference, 4 the kernel was asked for by --target kernel or
--record and cannot be used here, 6 harness.
`;

const commandLine = (): Command =>
  new Command(NAME)
    .description(
      "Holds the port, and this host's kernel, against recorded answers of a kernel, and against each other.",
    )
    .helpOption('--help', 'print this')
    .allowExcessArguments()
    .addOption(
      new Option('--target <which>', 'port, kernel or both').default('both').argParser(oneOf('--target', TARGETS)),
    )
    .option('--traces <files...>', "files of traces (default: the project's own)")
    .option('--json [file]', 'write the results as JSON, to the standard output if no file is named')
    .addOption(
      new Option('--record <file>', 'write into this file of traces what the kernel answers now').conflicts([
        'traces',
        'json',
      ]),
    )
    .addOption(
      new Option('--watchdog <s>', 'how long the kernel may take for one step')
        .default(WATCHDOG_S)
        .argParser(wholeNumber('--watchdog', 1, WATCHDOG_MAX_S, WATCHDOG_S)),
    )
    .addHelpText('after', AFTER);

/** @returns the options, or the text of the help that was asked for @throws UsageError */
export function parseConformance(argv: readonly string[]): ConformanceOptions | string {
  const command = commandLine();
  const help = readCommandLine(command, argv);
  if (help !== null) return help;
  const [stray] = command.args;
  if (stray !== undefined) {
    throw new UsageError(
      'unexpected-argument',
      `'${stray}' belongs to no option, only options are allowed; type for example ${NAME} --traces ${stray}`,
    );
  }
  const { target, traces = [], json, record, watchdog } = command.opts<Typed>();
  return {
    target,
    traces,
    json: json === undefined ? null : json === true ? '-' : json,
    record: record ?? null,
    watchdogMs: watchdog * 1000,
  };
}
