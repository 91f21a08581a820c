// SPDX-License-Identifier: GPL-2.0-only
/**
 * A run from its folder to its exit code, whichever engine does it.
 *
 * SIGINT or SIGTERM once: the round ends, and a whole report of what was measured so far is written. Again: the report
 * is written as it stands, and the process ends at once.
 */
import { wall_clock } from '../src/arch/sab/clock.ts';
import { Campaign, type CampaignState, caseRecord, chooseCases } from './campaign.ts';
import { DetCampaign } from './det/det_campaign.ts';
import { detCaseRecord, detCases } from './det/det_cases.ts';
import { DetRecorder } from './det/det_recorder.ts';
import { explainFindings, unexplainedOf } from './det/hand_off.ts';
import { Nondeterminism } from './det/self_check.ts';
import { environment } from './environment.ts';
import { RunFold } from './log/fold.ts';
import { loadRun } from './log/load.ts';
import { type CaseRecord, LOG_VERSION, type LogRecord, type RunRecord } from './log/records.ts';
import { LogWriter } from './log/writer.ts';
import { againLine, type Options } from './options.ts';
import { type DetOptions, detText, MEMORY_TEXTS } from './options_det.ts';
import { Pool } from './pool.ts';
import { Recorder } from './recorder.ts';
import { annotate } from './report/annotations.ts';
import { toConsole } from './report/console.ts';
import { toJson } from './report/json.ts';
import { toMarkdown } from './report/markdown.ts';
import { Progress } from './report/progress.ts';
import type { RunResult } from './report/result.ts';
import { appendStepSummary } from './report/step_summary.ts';
import { plural, span } from './report/text.ts';
import { runFolder, writeReports } from './report/write.ts';
import { SCENARIOS } from './scenarios/index.ts';

const SIGNAL_EXIT = { SIGINT: 130, SIGTERM: 143 } as const;
type StopSignal = keyof typeof SIGNAL_EXIT;
/** One press of Ctrl-C may come twice: from the terminal, and passed on by npm. */
const ONE_PRESS_NS = 1e9;

/** What does the run. */
interface Engine {
  readonly cases: readonly CaseRecord[];
  readonly recorder: {
    write(record: LogRecord): void;
    finish(signal: StopSignal | null, failure: string | null): void;
  };
  run(): Promise<void>;
  /** Looks for schedules that show what was found. The engine does not run again. */
  explain(): Promise<void>;
  close(): Promise<void>;
}

/** What a run gives its engine. */
interface Context {
  readonly log: LogWriter;
  readonly tell: (state: CampaignState) => void;
  readonly stop: AbortSignal;
}

/** Explains what was found, as far as there is time. */
async function explainAll(
  { explainMs, seed }: Options,
  fold: RunFold,
  recorder: Pick<Recorder, 'explain'>,
  stop: AbortSignal,
): Promise<void> {
  const found = unexplainedOf(fold.result().scenarios);
  if (explainMs === 0 || found.length === 0) return;
  process.stderr.write(`explaining ${plural(found.length, 'finding')}, for up to ${span(explainMs)}\n`);
  await explainFindings(found, explainMs, seed, stop, ({ index, finding, explained }) =>
    recorder.explain(index, finding, explained),
  );
}

/** Threads that run as they like. */
function nativeEngine(options: Options, prepare: () => Context): Engine {
  const cases = chooseCases(options, SCENARIOS);
  // First: where the host does not let the threads start, there is nothing to write down.
  const pool = new Pool(options.threads, options.arenaMib, options.sanitize === 'address');
  const { log, tell, stop } = prepare();
  const fold = new RunFold();
  const recorder = new Recorder(log, fold, pool);
  const campaign = new Campaign(options, pool, cases, recorder, fold, tell, stop);
  return {
    cases: cases.map(caseRecord),
    recorder,
    run: () => campaign.run(),
    explain: async () => {
      // A process has one RAM.
      await pool.close();
      await explainAll(options, fold, recorder, stop);
    },
    close: () => pool.close(),
  };
}

/** One thread at a time. */
function detEngine(options: Options, det: DetOptions, prepare: () => Context): Engine {
  const cases = detCases(options, SCENARIOS);
  const { log, tell, stop } = prepare();
  const fold = new RunFold();
  const recorder = new DetRecorder(log, fold);
  const campaign = new DetCampaign(options, det, cases, recorder, fold, tell, stop);
  return {
    cases: cases.map((c) => detCaseRecord(c, options)),
    recorder,
    run: () => campaign.run(),
    explain: async () => {
      await campaign.close();
      await explainAll(options, fold, recorder, stop);
    },
    close: () => campaign.close(),
  };
}

/** The first line of the log. */
const runRecord = (options: Options, cases: readonly CaseRecord[], startedAt: string): RunRecord => ({
  t: 'run',
  log: LOG_VERSION,
  startedAt,
  parameters: {
    threads: options.threads,
    durationMs: options.durationMs,
    seed: options.seed,
    scenarios: [...new Set(cases.map(({ name }) => name))],
    ...(options.leftOut.length === 0 ? {} : { leftOut: options.leftOut }),
    build: options.revert.length > 0 ? 'revert' : options.build,
    revert: options.revert,
    roles: options.roles as Readonly<Record<string, number>> | null,
    perturb: options.perturb,
    sanitize: options.sanitize,
    arenaMib: options.arenaMib,
    shard: options.shard,
    thresholds: options.thresholds,
    again: againLine(options),
    ...(options.det === null ? {} : { engine: detText(options.det) }),
  },
  environment:
    options.det === null ? environment() : { ...environment(), memoryModel: MEMORY_TEXTS[options.det.memory] },
  cases,
  from: null,
});

/** A schedule that came out otherwise says where; of what nobody foresaw, the stack does. */
function failureText(error: unknown): string {
  if (error instanceof Nondeterminism) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

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
export async function runSession(options: Options): Promise<number> {
  const startedAt = new Date().toISOString();
  const stop = new AbortController();
  let signal: StopSignal | null = null;
  let signalledAt = 0;
  let folder = '';
  const progress = new Progress(process.stderr);
  const prepare = (): Context => {
    folder = runFolder(options.output, startedAt, options.seed);
    return {
      log: new LogWriter(folder),
      tell: (state) => progress.update({ ...state, totalMs: options.durationMs, seed: options.seed }),
      stop: stop.signal,
    };
  };
  const engine = options.det === null ? nativeEngine(options, prepare) : detEngine(options, options.det, prepare);
  const { recorder } = engine;
  recorder.write(runRecord(options, engine.cases, startedAt));
  const conclude = (failure: string | null): { result: RunResult; written: string[] } => {
    recorder.finish(signal, failure);
    const run = loadRun(folder);
    return { result: run.result, written: writeReports(folder, run, options.reporters) };
  };
  for (const name of Object.keys(SIGNAL_EXIT) as StopSignal[]) {
    process.on(name, () => {
      const now = wall_clock();
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
    await engine.run();
    if (signal === null) await engine.explain();
  } catch (error) {
    // What was measured until then is still worth a report.
    failure = failureText(error);
  }
  progress.finish();
  const { result, written } = conclude(failure);
  print(options, result, written);
  // With --json stdout is the result's alone.
  if (!options.json) annotate(result, process.env, (text) => process.stdout.write(text));
  appendStepSummary(toMarkdown(result), process.env, (text) => process.stderr.write(text));
  await engine.close();
  return result.exitCode;
}
