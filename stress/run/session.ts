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
import { LOG_VERSION, type RunRecord } from '../log/records.ts';
import { RunLog } from '../log/run_log.ts';
import { Campaign } from '../native/campaign.ts';
import { Recorder } from '../native/recorder.ts';
import { annotate } from '../report/printers/annotations.ts';
import { toConsole } from '../report/printers/console.ts';
import { toJson } from '../report/printers/json.ts';
import { toMarkdown } from '../report/printers/markdown.ts';
import { appendStepSummary } from '../report/printers/step_summary.ts';
import { renderCommand, writeReports, writtenText } from '../report/write.ts';
import type { RunResult } from '../result/run_result.ts';
import type { CampaignState } from '../round/campaign.ts';
import { Pool } from '../round/pool.ts';
import { plural, span } from '../text/layout.ts';
import type { RunPlan } from './plan.ts';

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
  { explainMs, seed }: Pick<RunPlan, 'explainMs' | 'seed'>,
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

/** Threads that run as they like, or one at a time. */
function makeEngine(plan: RunPlan, prepare: () => Context): Engine {
  const { cases, budget, engine } = plan;
  const contextOf = ({ log, tell, stop }: Context) => ({ cases, budget, fold: log.fold, tell, stop });
  const engineOf = (
    { log, stop }: Context,
    recorder: Recorder | DetRecorder,
    campaign: Campaign | DetCampaign,
    threads: Pool | DetCampaign,
  ): Engine => ({
    log,
    recorder,
    run: () => campaign.run(),
    close: () => threads.close(),
    explain: async () => {
      // A process has one RAM.
      await threads.close();
      await explainAll(plan, log, recorder, stop);
    },
  });
  if ('scheduler' in engine) {
    const context = prepare();
    const recorder = new DetRecorder(context.log);
    const campaign = new DetCampaign(contextOf(context), engine, recorder);
    return engineOf(context, recorder, campaign, campaign);
  }
  const { threads, arenaMib, sanitize } = engine.machine;
  // First: where the host does not let the threads start, there is nothing to write down.
  const pool = new Pool(threads, arenaMib, sanitize);
  const context = prepare();
  const recorder = new Recorder(context.log, pool);
  return engineOf(context, recorder, new Campaign(contextOf(context), engine.load, pool, recorder), pool);
}

/** The first line of the log. */
const runRecord = ({ record }: RunPlan, startedAt: string): RunRecord => ({
  t: 'run',
  log: LOG_VERSION,
  startedAt,
  parameters: record.parameters,
  environment: { ...environment(), ...record.environment },
  cases: record.cases,
  from: null,
});

/** A schedule that came out otherwise says where; of what nobody foresaw, the stack does. */
function failureText(error: unknown): string {
  if (error instanceof Nondeterminism) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Prints the result where it belongs. */
function print({ json }: RunPlan, result: RunResult): void {
  const out = json ? stderr : stdout;
  out.write(toConsole(result, out));
  if (json) stdout.write(toJson(result));
  // With --json stdout is the result's alone.
  else annotate(result, process.env, (line) => stdout.write(line));
}

/** Makes the run's folder and the first line of its log, before anything is run. @throws WriteError */
function begin(plan: RunPlan, startedAt: string, stop: AbortSignal, progress: Progress): [string, Engine] {
  let folder = '';
  const prepare = (): Context => {
    folder = runFolder(plan.output, startedAt, plan.seed);
    return {
      log: new RunLog(folder),
      tell: (state) => progress.update({ ...state, totalMs: plan.budget.durationMs, seed: plan.seed }),
      stop,
    };
  };
  const engine = makeEngine(plan, prepare);
  engine.log.write(runRecord(plan, startedAt));
  if (engine.log.cut !== null) throw new WriteError(engine.log.cut);
  return [folder, engine];
}

/** @returns the exit code */
export async function runSession(plan: RunPlan): Promise<number> {
  const interrupt = new Interrupt();
  const progress = new Progress(stderr);
  const [folder, engine] = begin(plan, new Date().toISOString(), interrupt.stop, progress);
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
  print(plan, whole.result);
  const files = writeReports(folder, whole, plan.reporters);
  const again = log.cut === null ? renderCommand(folder, plan.reporters) : null;
  stderr.write(writtenText(folder, files, again, log.cut));
  appendStepSummary(toMarkdown(whole.result), process.env, (text) => stderr.write(text));
  const exitCode = exitWith(whole.result.exitCode, files.lost || log.cut !== null);
  if (exitCode !== whole.result.exitCode) stderr.write(`the exit code is ${exitCode}: not all could be written\n`);
  interrupt.over(exitCode);
  await unlessAborted(interrupt.hurry, () => engine.close());
  return exitCode;
}
