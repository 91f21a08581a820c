// SPDX-License-Identifier: GPL-2.0-only
/**
 * `npm run stress -- [options]`: parse, run the campaign, grade, print, write.
 *
 * SIGINT or SIGTERM once: the round ends, and a whole report of what was measured so far is written. Again: the report
 * is written as it stands, and the process ends at once.
 */

import { ktime_get } from '../src/arch/sab/clock.ts';
import { Campaign, type Case, caseRecord, chooseCases } from './campaign.ts';
import { environment, toolVersion } from './environment.ts';
import { RunFold } from './log/fold.ts';
import { loadRun } from './log/load.ts';
import { LOG_VERSION, type RunRecord } from './log/records.ts';
import { LogWriter } from './log/writer.ts';
import { againLine, type Options, parseOptions, UsageError } from './options.ts';
import { Pool } from './pool.ts';
import { Recorder } from './recorder.ts';
import { annotate } from './report/annotations.ts';
import { toConsole } from './report/console.ts';
import { toJson } from './report/json.ts';
import { toMarkdown } from './report/markdown.ts';
import { Progress } from './report/progress.ts';
import { type RunResult, VERDICTS } from './report/result.ts';
import { appendStepSummary } from './report/step_summary.ts';
import { runFolder, writeReports } from './report/write.ts';
import { SCENARIOS } from './scenarios/index.ts';
import { minThreads } from './scenarios/scenario.ts';

const SIGNAL_EXIT = { SIGINT: 130, SIGTERM: 143 } as const;
type StopSignal = keyof typeof SIGNAL_EXIT;
/** One press of Ctrl-C may come twice: from the terminal, and passed on by npm. */
const ONE_PRESS_NS = 1e9;

function list(names: readonly string[]): string {
  const chosen = SCENARIOS.filter(({ name }) => names.includes(name));
  const width = Math.max(...chosen.map(({ name }) => name.length));
  return chosen
    .map((s) => {
      const about = s.fixedBy.length > 0 ? ` [fixed by ${s.fixedBy.join(', ')}]` : '';
      return `${s.name.padEnd(width)}  ${String(minThreads(s)).padStart(2)} threads or more  ${s.description}${about}`;
    })
    .join('\n');
}

/** The first line of the log. */
const runRecord = (options: Options, cases: readonly Case[], startedAt: string): RunRecord => ({
  t: 'run',
  log: LOG_VERSION,
  startedAt,
  parameters: {
    threads: options.threads,
    durationMs: options.durationMs,
    seed: options.seed,
    scenarios: [...new Set(cases.map((c) => c.scenario.name))],
    build: options.revert.length > 0 ? 'revert' : options.build,
    revert: options.revert,
    roles: options.roles as Readonly<Record<string, number>> | null,
    perturb: options.perturb,
    sanitize: options.sanitize,
    arenaMib: options.arenaMib,
    shard: options.shard,
    thresholds: options.thresholds,
    again: againLine(options),
  },
  environment: environment(),
  cases: cases.map(caseRecord),
  from: null,
});

/** Prints the result where it belongs. */
function print(options: Options, result: RunResult, written: readonly string[]): void {
  const color = process.stdout.isTTY === true && !process.env['NO_COLOR'];
  const text = toConsole(result, { color, width: Math.min(process.stdout.columns ?? 120, 160) });
  if (options.json) {
    process.stderr.write(text);
    process.stdout.write(toJson(result));
  } else {
    process.stdout.write(text);
  }
  process.stderr.write(`reports: ${written.filter((path) => !path.includes('findings')).join(' ')}\n`);
}

/** Runs what the options ask for. @returns the exit code */
async function stress(options: Options): Promise<number> {
  const cases = chooseCases(options, SCENARIOS);
  const startedAt = new Date().toISOString();
  const stop = new AbortController();
  let signal: StopSignal | null = null;
  let signalledAt = 0;
  const folder = runFolder(options.output, startedAt, options.seed);
  const progress = new Progress(process.stderr);
  const pool = new Pool(options.threads, options.arenaMib, options.sanitize === 'address');
  const fold = new RunFold();
  const recorder = new Recorder(new LogWriter(folder), fold, pool);
  recorder.write(runRecord(options, cases, startedAt));
  const campaign = new Campaign(
    options,
    pool,
    cases,
    recorder,
    fold,
    (state) => progress.update({ ...state, totalMs: options.durationMs, seed: options.seed }),
    stop.signal,
  );
  const conclude = (failure: string | null): { result: RunResult; written: string[] } => {
    recorder.finish(signal, failure);
    const run = loadRun(folder);
    return { result: run.result, written: writeReports(folder, run, options.reporters) };
  };
  for (const name of Object.keys(SIGNAL_EXIT) as StopSignal[]) {
    process.on(name, () => {
      const now = ktime_get();
      if (signal === null) {
        signal = name;
        signalledAt = now;
        stop.abort();
      } else if (now - signalledAt > ONE_PRESS_NS) {
        // Whoever presses twice does not want to wait, but what was measured is not to be lost.
        conclude(null);
        process.exit(SIGNAL_EXIT[name]);
      }
    });
  }
  let failure: string | null = null;
  try {
    await campaign.run();
  } catch (error) {
    // What was measured until then is still worth a report.
    failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  progress.finish();
  const { result, written } = conclude(failure);
  print(options, result, written);
  // With --json stdout is the result's alone.
  if (!options.json) annotate(result, process.env, (text) => process.stdout.write(text));
  appendStepSummary(toMarkdown(result), process.env, (text) => process.stderr.write(text));
  await pool.close();
  return result.exitCode;
}

/** Runs the same load at each width. What it needs is loaded only then. */
async function sweep(options: Options, widths: readonly number[]): Promise<number> {
  const [{ runSweep }, { sweepSpec }] = await Promise.all([import('./sweep/run_sweep.ts'), import('./sweep/spec.ts')]);
  return (await runSweep(sweepSpec(options, widths))).exitCode;
}

async function main(): Promise<number> {
  const known = SCENARIOS.map((s) => ({
    name: s.name,
    minThreads: minThreads(s),
    onlyByName: s.onlyByName === true,
  }));
  const asked = parseOptions(process.argv.slice(2), known);
  switch (asked.kind) {
    case 'help':
      process.stdout.write(`${asked.text}\n`);
      return 0;
    case 'version':
      process.stdout.write(`${toolVersion()}\n`);
      return 0;
    case 'list':
      process.stdout.write(`${list(asked.scenarios)}\n`);
      return 0;
    default:
      return asked.sweep === null ? stress(asked) : sweep(asked, asked.sweep);
  }
}

try {
  process.exit(await main());
} catch (error) {
  const usage = error instanceof UsageError;
  process.stderr.write(
    `${usage ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exit(usage ? VERDICTS.usage : VERDICTS.harness);
}
