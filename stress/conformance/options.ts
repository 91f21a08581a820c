// SPDX-License-Identifier: GPL-2.0-only
/** What a check of conformance is asked to do: the command line, checked. */
import { randomInt } from 'node:crypto';
import { readOptions } from '../cli/command_line.ts';
import { choice, filled, row, SEED, VERSION, whole } from '../cli/option_table.ts';
import { UsageError } from '../cli/usage_error.ts';
import { toolVersion } from '../host/environment.ts';
import { FUZZ, type FuzzOptions, fuzzOptions } from './fuzz/options.ts';
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

const NAME = 'npm run conformance --';
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

const path = (value: string, help: string) => row(value, help, (text) => text);

/** The options, as of `npm run stress`. */
const CONFORMANCE = {
  target: { ...choice<Target>('<which>', 'whose answers to look at', ['port', 'kernel', 'both']), usual: 'both' },
  traces: {
    ...row('<files...>', 'files of traces', (text, _flag, before: readonly string[] = []) => [...before, text]),
    usualText: "the project's own",
  },
  json: row<string | true>('[file]', 'write the results as JSON, to the standard output if no file is named', String),
  record: {
    ...path('<file>', 'write into this file of traces what the kernel answers now'),
    conflicts: ['traces', 'json'],
  },
  fromStrace: {
    ...path('<log>', 'make a file of traces of what strace -f has written'),
    conflicts: ['traces', 'json', 'record', 'threads', 'target', 'fuzz'],
  },
  to: { ...path('<file>', 'with --from-strace: write into this file'), usualText: 'standard output' },
  watchdog: {
    ...whole('seconds that the kernel may take for one step', 1, WATCHDOG_MAX_S, WATCHDOG_S),
    usual: WATCHDOG_S,
  },
  threads: {
    ...whole('use the kernel with so many threads instead of traces', THREADS_MIN, THREADS_MAX, THREADS),
    conflicts: ['target', 'traces', 'record'],
  },
  seconds: { ...whole('how long the threads run', 1, SECONDS_MAX, SECONDS), usualText: String(SECONDS) },
  seed: { ...SEED, help: 'for what the threads do, or is drawn' },
  ...FUZZ,
  version: VERSION,
};

const PROGRAM = {
  name: NAME,
  about: "Holds the port, and this host's kernel, against recorded answers of a kernel, and against each other.",
  stray: `, only options are allowed; type for example ${NAME} --traces FILE`,
  after: AFTER,
};

/** @returns the options, or the text of the help that was asked for @throws UsageError */
export function parseConformance(argv: readonly string[]): ConformanceOptions | string {
  const given = readOptions(PROGRAM, CONFORMANCE, argv);
  if (typeof given === 'string') return given;
  if (given.version) return `${toolVersion()}\n`;
  const typed = filled(CONFORMANCE, given);
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
