// SPDX-License-Identifier: GPL-2.0-only
/**
 * `npm run stress -- --replay FILE|STRING`: runs one schedule again, and prints what it shows.
 *
 * On the sources that it was recorded on it is the same to the last step, and so is the text. On others it is followed
 * as far as it can be; where it is left is said, and from there a random walk goes on under its seed.
 */
import { type Build, buildOf } from '../../src/reverts/registry.ts';
import type { Role } from '../../workers/protocol.ts';
import { worstExit } from '../cli/exit_code.ts';
import { Interrupt, unlessAborted } from '../cli/interrupt.ts';
import { stderr, stdout } from '../cli/streams.ts';
import { explain } from '../det/explain/diagram.ts';
import { poolOf, runOf, scenarioOf } from '../det/replay.ts';
import type { DetResult } from '../det/round.ts';
import { readSchedule } from '../det/schedule/read.ts';
import type { Schedule } from '../det/schedule/schedule.ts';
import { scheduleSource } from '../det/schedule/source.ts';
import { CaseFold } from '../log/case_fold.ts';
import type { Figures } from '../log/records.ts';
import { HANGS } from '../log/verdict.ts';
import { splat } from '../report/parts/splat.ts';
import type { Explanation } from '../result/explanation.ts';
import { buildText, worstFirst } from '../result/labels.ts';
import { SCHEMA_VERSION, type ScenarioResult, VERDICTS, type Verdict } from '../result/run_result.ts';
import { caseRecord } from '../round/case.ts';
import type { Pool } from '../round/pool.ts';
import { sourceFrame } from '../round/source_lines.ts';
import { classify } from '../scenarios/known.ts';
import { plural } from '../text/layout.ts';
import { palette } from '../text/palette.ts';

const WIDTH = 120;

/**
 * Where a run left its recording.
 * @returns a sentence, null if it is the same to the last step, or was never run before
 */
export function whereLeft({ decisions, hash }: Schedule, result: DetResult): string | null {
  if (hash === null || hash === result.hash) return null;
  const n = decisions.findIndex((decision, i) => {
    const taken = result.decisions[i];
    return (
      taken === undefined || taken.cpu !== decision.cpu || taken.step !== decision.step || taken.to !== decision.to
    );
  });
  const decision = decisions[n];
  if (decision === undefined) return `every decision was taken, and yet the steps are others`;
  const reached = result.decisions.length > n ? 'another one was taken' : 'it could not be taken, or was never reached';
  return (
    `it left the recording at decision ${n + 1} of ${decisions.length}, ` +
    `step ${decision.step} of cpu ${decision.cpu}: ${reached}`
  );
}

/** What a run shows, as a report has it. @param explanation - of the first finding */
function resultOf(schedule: Schedule, result: DetResult, explanation: Explanation | null): ScenarioResult {
  const scenario = scenarioOf(schedule);
  const build = buildOf(schedule as Build<string> as Build);
  const fold = new CaseFold(caseRecord({ scenario, ...build, roles: schedule.roles as readonly Role[] }));
  const { operations, ranMs } = result;
  for (const record of result.records) {
    const taken = classify(record, { ...build, scenario }, operations);
    fold.find({ record: { ...record, stack: record.stack.map(sourceFrame) }, ranMs, ...taken }, 0);
  }
  const [first] = result.records;
  if (explanation !== null && first !== undefined) {
    const { preemptions, steps } = explanation;
    const outcome = `the one replayed, ${plural(preemptions, 'preemption')}, ${plural(steps, 'step')}`;
    fold.explain(first, { outcome, explanation });
  }
  const figures: Figures = { ranMs, elapsedMs: ranMs, operations, latency: {}, locks: [], roles: {} };
  fold.finish(figures, result.whole, result.inconclusive);
  return fold.result();
}

/** What a replay comes to, as `--json` prints it. */
export interface ReplayResult {
  readonly schemaVersion: number;
  readonly verdict: Verdict;
  readonly exitCode: number;
  /** Whether a signal came before all of it was done. */
  readonly interrupted: boolean;
  readonly seed: number;
  /** `sc`, `tso` or `weak` */
  readonly memory: string;
  /** Of the schedule. */
  readonly decisions: number;
  /** That were run. */
  readonly steps: number;
  /** Where it is not what was recorded, a sentence each. */
  readonly notes: readonly string[];
  readonly scenario: ScenarioResult;
}

function gradeOf({ findings, inconclusive }: ScenarioResult): Verdict {
  const alarming = findings.filter(({ known }) => known === null);
  if (alarming.length === 0) return inconclusive === undefined ? 'passed' : 'inconclusive';
  return alarming.every(({ kind }) => HANGS.includes(kind)) ? 'hang' : 'forbidden';
}

export function replayText(
  { scenario, seed, memory, decisions, steps, notes, interrupted }: ReplayResult,
  color: boolean,
): string {
  const findings = worstFirst(scenario.findings);
  const { inconclusive } = scenario;
  const lines = [
    `${scenario.name} (${buildText(scenario)}), seed ${seed}, memory ${memory}, ` +
      `${plural(decisions, 'decision')}, ${plural(steps, 'step')}`,
    ...notes,
    ...findings.flatMap((finding) => ['', ...splat(scenario, finding, palette(color), WIDTH)]),
    ...(findings.length > 0
      ? []
      : [inconclusive === undefined ? 'it shows nothing' : `no verdict: ${inconclusive.why}`]),
    ...(interrupted ? ['', 'interrupted: there may be more to say'] : []),
  ];
  return `${lines.join('\n')}\n`;
}

const NEVER = new AbortController().signal;

/** @param pool - as of poolOf() @param stop - interrupts it @returns null if it was interrupted before it was run */
export async function replay(pool: Pool, schedule: Schedule, stop: AbortSignal = NEVER): Promise<ReplayResult | null> {
  const source = scheduleSource();
  const notes =
    schedule.source === source ? [] : [`it was recorded on other sources, ${schedule.source}; these are ${source}`];
  const first = await unlessAborted(stop, () => runOf(pool, schedule));
  if (first === null) return null;
  const left = whereLeft(schedule, first);
  const explains = left === null && first.records.length > 0;
  const explanation = explains ? await unlessAborted(stop, () => explain(pool, schedule)) : null;
  let further: DetResult | null = null;
  if (left !== null) {
    // The first run has shown what is shared, which is where a walk may turn.
    pool.det?.known.set(pool.det.learned);
    further = await unlessAborted(stop, () => runOf(pool, schedule, { how: { goOn: true } }));
    notes.push(further === null ? left : `${left}; from there it went on under the seed`);
  }
  const result = further ?? first;
  const scenario = resultOf(schedule, result, explanation);
  const verdict = gradeOf(scenario);
  const { seed, memory, decisions } = schedule;
  return {
    schemaVersion: SCHEMA_VERSION,
    verdict,
    exitCode: VERDICTS[verdict],
    interrupted: (explains && explanation === null) || (left !== null && further === null),
    seed,
    memory,
    decisions: decisions.length,
    steps: result.steps,
    notes,
    scenario,
  };
}

/** @param asked - a word or the path of a file @returns the exit code @throws UsageError */
export async function runReplay(asked: string, json: boolean): Promise<number> {
  const schedule = readSchedule(asked);
  const interrupt = new Interrupt();
  const pool = poolOf(schedule);
  const result = await replay(pool, schedule, interrupt.stop);
  if (result === null) stderr.write('interrupted before the schedule was run to its end\n');
  else {
    const out = json ? stderr : stdout;
    out.write(replayText(result, out.color));
    if (json) stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  }
  const code = worstExit(result === null ? [] : [result.exitCode], interrupt.signal);
  interrupt.over(code);
  await unlessAborted(interrupt.stop, () => pool.close());
  return code;
}
