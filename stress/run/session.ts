// SPDX-License-Identifier: GPL-2.0-only
/**
 * A run from its folder to its exit code, whichever engine does it.
 *
 * When it is over, or a signal ends it, the result is printed first and then written: what a full disk does not take
 * has at least been said. What a signal does, cli/interrupt.ts says.
 */

import { exitWith } from '../cli/exit_code.ts';
import { runFolder, WriteError } from '../cli/folder.ts';
import { Interrupt, unlessAborted } from '../cli/interrupt.ts';
import { Progress } from '../cli/progress.ts';
import { stderr, stdout } from '../cli/streams.ts';
import { DetCampaign } from '../det/campaign.ts';
import { explainFindings, unexplainedOf } from '../det/explain/explain_findings.ts';
import { DetRecorder } from '../det/recorder.ts';
import { Nondeterminism } from '../det/search/self_check.ts';
import { environment } from '../host/environment.ts';
import { type CaseRecord, LOG_VERSION, type RunRecord } from '../log/records.ts';
import { RunLog } from '../log/run_log.ts';
import { Campaign } from '../native/campaign.ts';
import { Recorder } from '../native/recorder.ts';
import { detText, MEMORY_TEXTS } from '../options/det.ts';
import type { DetOptions, Options } from '../options/options.ts';
import { againLine } from '../options/stress_options.ts';
import { annotate } from '../report/printers/annotations.ts';
import { toConsole } from '../report/printers/console.ts';
import { toJson } from '../report/printers/json.ts';
import { toMarkdown } from '../report/printers/markdown.ts';
import { appendStepSummary } from '../report/printers/step_summary.ts';
import { renderCommand, writeReports, writtenText } from '../report/write.ts';
import type { RunResult } from '../result/run_result.ts';
import type { CampaignState } from '../round/campaign.ts';
import { type Case, caseRecord, chooseCases } from '../round/case.ts';
import { Pool } from '../round/pool.ts';
import { SCENARIOS } from '../scenarios/index.ts';
import { plural, span } from '../text/layout.ts';

/** What does the run. */
interface Engine {
  readonly log: RunLog;
  readonly recorder: Pick<Recorder, 'elapsedMs'>;
  run(): Promise<void>;
  /** Looks for schedules that show what was found. The engine does not run again. */
  explain(): Promise<void>;
  close(): Promise<void>;
}

/** What a run gives its engine. */
interface Context {
  readonly log: RunLog;
  readonly tell: (state: CampaignState) => void;
  readonly stop: AbortSignal;
}

/** Explains what was found, as far as there is time. */
async function explainAll(
  { explainMs, seed }: Options,
  { fold }: RunLog,
  recorder: Pick<Recorder, 'explain'>,
  stop: AbortSignal,
): Promise<void> {
  const found = unexplainedOf(fold.result().scenarios);
  if (explainMs === 0 || found.length === 0) return;
  stderr.write(`explaining ${plural(found.length, 'finding')}, for up to ${span(explainMs)}\n`);
  await explainFindings(found, explainMs, seed, stop, ({ index, finding, explained }) =>
    recorder.explain(index, finding, explained),
  );
}

/** Threads that run as they like. */
function nativeEngine(options: Options, cases: readonly Case[], prepare: () => Context): Engine {
  // First: where the host does not let the threads start, there is nothing to write down.
  const pool = new Pool(options.threads, options.arenaMib, options.sanitize === 'address');
  const { log, tell, stop } = prepare();
  const recorder = new Recorder(log, pool);
  const campaign = new Campaign({ options, cases, fold: log.fold, tell, stop }, pool, recorder);
  return {
    log,
    recorder,
    run: () => campaign.run(),
    explain: async () => {
      // A process has one RAM.
      await pool.close();
      await explainAll(options, log, recorder, stop);
    },
    close: () => pool.close(),
  };
}

/** One thread at a time. */
function detEngine(options: Options, det: DetOptions, cases: readonly Case[], prepare: () => Context): Engine {
  const { log, tell, stop } = prepare();
  const recorder = new DetRecorder(log);
  const campaign = new DetCampaign({ options, cases, fold: log.fold, tell, stop }, det, recorder);
  return {
    log,
    recorder,
    run: () => campaign.run(),
    explain: async () => {
      await campaign.close();
      await explainAll(options, log, recorder, stop);
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
function print({ json }: Options, result: RunResult): void {
  const out = json ? stderr : stdout;
  out.write(toConsole(result, out));
  if (json) stdout.write(toJson(result));
  // With --json stdout is the result's alone.
  else annotate(result, process.env, (line) => stdout.write(line));
}

/** Makes the run's folder and the first line of its log, before anything is run. @throws WriteError */
function begin(options: Options, startedAt: string, stop: AbortSignal, progress: Progress): [string, Engine] {
  let folder = '';
  const prepare = (): Context => {
    folder = runFolder(options.output, startedAt, options.seed);
    return {
      log: new RunLog(folder),
      tell: (state) => progress.update({ ...state, totalMs: options.durationMs, seed: options.seed }),
      stop,
    };
  };
  const { det } = options;
  const cases = chooseCases(options, SCENARIOS);
  const engine = det === null ? nativeEngine(options, cases, prepare) : detEngine(options, det, cases, prepare);
  const records = cases.map((c) => caseRecord(c, det));
  engine.log.write(runRecord(options, records, startedAt));
  if (engine.log.cut !== null) throw new WriteError(engine.log.cut);
  return [folder, engine];
}

/** Runs what the options ask for. @returns the exit code */
export async function runSession(options: Options): Promise<number> {
  const interrupt = new Interrupt();
  const progress = new Progress(stderr);
  const [folder, engine] = begin(options, new Date().toISOString(), interrupt.stop, progress);
  const { log, recorder } = engine;
  const run = async (): Promise<void> => {
    await engine.run();
    if (interrupt.signal === null) await engine.explain();
  };
  let failure: string | null = null;
  try {
    await unlessAborted(interrupt.hurry, run);
  } catch (error) {
    // What was measured until then is still worth a report.
    failure = failureText(error);
  }
  progress.finish();
  const whole = log.finish({ t: 'end', ms: recorder.elapsedMs(), signal: interrupt.signal, failure });
  print(options, whole.result);
  const files = writeReports(folder, whole, options.reporters);
  const again = log.cut === null ? renderCommand(folder, options.reporters) : null;
  stderr.write(writtenText(folder, files, again, log.cut));
  appendStepSummary(toMarkdown(whole.result), process.env, (text) => stderr.write(text));
  const exitCode = exitWith(whole.result.exitCode, files.lost || log.cut !== null);
  if (exitCode !== whole.result.exitCode) stderr.write(`the exit code is ${exitCode}: not all could be written\n`);
  interrupt.over(exitCode);
  await unlessAborted(interrupt.hurry, () => engine.close());
  return exitCode;
}
