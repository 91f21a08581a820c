// SPDX-License-Identifier: GPL-2.0-only
/** What a check of conformance is asked to do: the command line, checked. */
import { randomInt } from 'node:crypto';
import { Command, Option } from 'commander';
import { readCommandLine } from '../cli/command_line.ts';
import { UsageError } from '../cli/usage_error.ts';
import { oneOf, seed, wholeNumber } from '../cli/values.ts';
import { type FuzzOptions, fuzzOptions, type TypedForFuzz, withFuzzOptions } from './fuzz/options.ts';
import type { Target } from './judge/evaluate.ts';
import { HOST_SCENARIOS, THREADS_MAX, THREADS_MIN, type ThreadsOptions } from './threads/plan.ts';

export interface ConformanceOptions {
  readonly target: Target;
  /** Files of traces; empty for the project's own. */
  readonly traces: readonly string[];
  /** A file of JSON to write; '-' for the standard output, null for none. */
  readonly json: string | null;
  /** A file of traces to record anew; null to compare. */
  readonly record: string | null;
  /** A log of strace to make a trace of; `to` is the file to write, null for standard output. Null to compare. */
  readonly strace: { readonly from: string; readonly to: string | null } | null;
  /** Traces to draw, instead of files; null if that is not asked for. */
  readonly fuzz: FuzzOptions | null;
  /** How long the kernel may take for one op. */
  readonly watchdogMs: number;
  /** Threads on the kernel instead of traces; null for traces. */
  readonly threads: ThreadsOptions | null;
}

interface Typed extends TypedForFuzz {
  readonly traces?: readonly string[];
  readonly json?: string | true;
  readonly record?: string;
  readonly fromStrace?: string;
  readonly to?: string;
  readonly threads?: number;
  readonly seconds?: number;
}

const NAME = 'npm run conformance --';
const TARGETS: readonly Target[] = ['port', 'kernel', 'both'];
const WATCHDOG_S = 10;
const WATCHDOG_MAX_S = 3600;
const THREADS = 8;
const SECONDS = 6;
const SECONDS_MAX = 86_400;

/** What a log of strace must have at least. */
const STRACED = 'io_setup,io_submit,io_getevents,io_cancel,io_destroy,eventfd2,pipe2,openat,close';

const AFTER = `
A trace is what a process asks of fs/aio, step by step, and what a kernel answered. Targets:
  port    the port answers as v3.17 does: as recorded, but for the known differences
  kernel  the kernel of this host, called through koffi, answers as recorded
  both    both, and beside each other also where nothing was recorded
Where this host's kernel cannot be used, the reason is said, and the recorded answers serve.
stress/conformance/README.md explains the traces, the output and every known difference.

With --threads so many threads at once play the roles of the stress test on the host's kernel, judged by the books and
oracles that judge the port: no event is lost or comes twice, nothing is written after io_destroy().

Examples:
  ${NAME}
  ${NAME} --target port --traces stress/conformance/traces/setup.jsonl
  ${NAME} --json conformance.json
  ${NAME} --record mine.jsonl
  strace -f -o fio.log -e trace=${STRACED} fio job.fio
  ${NAME} --from-strace fio.log --to fio.jsonl
  ${NAME} --threads 8 --seconds 30
  ${NAME} --fuzz --minutes 60 --seed 7

Exit codes: 0 no difference unexplained, 1 usage, 2 a difference or a broken promise, 3 threads that sleep for good,
4 the kernel was asked for by --target kernel, --record, --threads or --fuzz and cannot be used here, or the machine was
too busy for a call to end, 6 harness, 130 interrupted.
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
      new Option('--from-strace <log>', 'make a file of traces of what strace -f has written').conflicts([
        'traces',
        'json',
        'record',
        'threads',
        'target',
        'fuzz',
      ]),
    )
    .option('--to <file>', 'with --from-strace: write into this file (default: standard output)')
    .addOption(
      new Option('--watchdog <s>', 'how long the kernel may take for one step')
        .default(WATCHDOG_S)
        .argParser(wholeNumber('--watchdog', 1, WATCHDOG_MAX_S, WATCHDOG_S)),
    )
    .addOption(
      new Option('--threads <n>', 'use the kernel with so many threads instead of traces')
        .argParser(wholeNumber('--threads', THREADS_MIN, THREADS_MAX, THREADS))
        .conflicts(['target', 'traces', 'record']),
    )
    .addOption(
      new Option('--seconds <s>', `how long the threads run (default: ${SECONDS})`).argParser(
        wholeNumber('--seconds', 1, SECONDS_MAX, SECONDS),
      ),
    )
    .addOption(new Option('--seed <n>', 'for what the threads do, or is drawn (default: random)').argParser(seed))
    .addHelpText('after', AFTER);

/** @returns the options, or the text of the help that was asked for @throws UsageError */
export function parseConformance(argv: readonly string[]): ConformanceOptions | string {
  const command = withFuzzOptions(commandLine());
  const help = readCommandLine(command, argv);
  if (help !== null) return help;
  const [stray] = command.args;
  if (stray !== undefined) {
    throw new UsageError(
      'unexpected-argument',
      `'${stray}' belongs to no option, only options are allowed; type for example ${NAME} --traces ${stray}`,
    );
  }
  const typed = command.opts<Typed>();
  const { target, traces = [], json, record, watchdog, threads, seconds, fromStrace, to } = typed;
  if (threads === undefined && (seconds ?? (typed.fuzz === true ? undefined : typed.seed)) !== undefined) {
    const flag = seconds === undefined ? '--seed' : '--seconds';
    throw new UsageError('contradiction', `${flag} is for --threads; type for example --threads ${THREADS} ${flag} 30`);
  }
  if (to !== undefined && fromStrace === undefined) {
    throw new UsageError(
      'contradiction',
      `--to is for --from-strace; type for example --from-strace fio.log --to ${to}`,
    );
  }
  return {
    strace: fromStrace === undefined ? null : { from: fromStrace, to: to ?? null },
    fuzz: fuzzOptions(typed),
    target,
    traces,
    json: json === undefined ? null : json === true ? '-' : json,
    record: record ?? null,
    watchdogMs: watchdog * 1000,
    threads:
      threads === undefined
        ? null
        : {
            scenarios: HOST_SCENARIOS,
            threads,
            seconds: seconds ?? SECONDS,
            seed: typed.seed ?? randomInt(2 ** 32),
          },
  };
}
