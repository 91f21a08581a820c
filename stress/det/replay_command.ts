// SPDX-License-Identifier: GPL-2.0-only
/**
 * `npm run stress -- --replay FILE|STRING`: runs one schedule again, and prints what it shows.
 *
 * On the sources that it was recorded on it is the same to the last step, and so is the text. On others it is followed
 * as far as it can be; where it is left is said, and from there a random walk goes on under its seed.
 */

import type { Slug } from '../../src/reverts/registry.ts';
import type { Role } from '../../workers/protocol.ts';
import { caseRecord } from '../campaign.ts';
import { classify } from '../known.ts';
import { CaseFold } from '../log/case_fold.ts';
import type { Figures } from '../log/records.ts';
import type { Pool } from '../pool.ts';
import { buildText, worstFirst } from '../report/grade.ts';
import { palette } from '../report/palette.ts';
import { type ScenarioResult, VERDICTS } from '../report/result.ts';
import { splat } from '../report/splat.ts';
import { plural } from '../report/text.ts';
import { sourceFrame } from '../source_lines.ts';
import type { DetResult } from './det_round.ts';
import { explain } from './diagram.ts';
import type { Explanation } from './explanation.ts';
import { poolOf, runOf, scenarioOf } from './replay.ts';
import type { Schedule } from './schedule.ts';
import { readSchedule } from './schedule_json.ts';
import { scheduleSource } from './schedule_source.ts';

/** Kinds that mean that somebody waits in vain. */
const HANGS = ['hang', 'wakeup:lost', 'lockdep:deadlock'];
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
  const reverted = schedule.reverted as readonly Slug[];
  const fold = new CaseFold(caseRecord({ scenario, reverted, roles: schedule.roles as readonly Role[] }));
  const { operations, ranMs } = result;
  for (const record of result.records) {
    const taken = classify(record, reverted, operations);
    fold.find({ record: { ...record, stack: record.stack.map(sourceFrame) }, ranMs, ...taken }, 0);
  }
  const [first] = result.records;
  if (explanation !== null && first !== undefined) {
    const { preemptions, steps } = explanation;
    const outcome = `the one replayed, ${plural(preemptions, 'preemption')}, ${plural(steps, 'step')}`;
    fold.explain(first, { outcome, explanation });
  }
  const figures: Figures = { ranMs, elapsedMs: ranMs, operations, latency: {}, locks: [], roles: {} };
  fold.finish(figures, result.whole);
  return fold.result();
}

export interface Replayed {
  readonly text: string;
  readonly exitCode: number;
}

function told(
  schedule: Schedule,
  notes: readonly string[],
  result: DetResult,
  color: boolean,
  explanation: Explanation | null = null,
): Replayed {
  const scenario = resultOf(schedule, result, explanation);
  const findings = worstFirst(scenario.findings);
  const { seed, memory, decisions } = schedule;
  const { inconclusive } = result;
  const lines = [
    `${scenario.name} (${buildText(scenario)}), seed ${seed}, memory ${memory}, ` +
      `${plural(decisions.length, 'decision')}, ${plural(result.steps, 'step')}`,
    ...notes,
    ...findings.flatMap((finding) => ['', ...splat(scenario, finding, palette(color), WIDTH)]),
    ...(findings.length > 0 ? [] : [inconclusive === null ? 'it shows nothing' : `it has no verdict: ${inconclusive}`]),
  ];
  const alarming = findings.filter(({ known }) => known === null);
  const hangs = alarming.every(({ kind }) => HANGS.includes(kind));
  const silent = inconclusive === null ? VERDICTS.passed : VERDICTS.inconclusive;
  const exitCode = alarming.length === 0 ? silent : hangs ? VERDICTS.hang : VERDICTS.forbidden;
  return { text: `${lines.join('\n')}\n`, exitCode };
}

/** @param pool - as of poolOf() */
export async function replay(pool: Pool, schedule: Schedule, color: boolean): Promise<Replayed> {
  const source = scheduleSource();
  const other =
    schedule.source === source ? [] : [`it was recorded on other sources, ${schedule.source}; these are ${source}`];
  const result = await runOf(pool, schedule);
  const left = whereLeft(schedule, result);
  if (left === null) {
    const explanation = result.records.length > 0 ? await explain(pool, schedule) : null;
    return told(schedule, other, result, color, explanation);
  }
  // The first run has shown what is shared, which is where a walk may turn.
  pool.det?.known.set(pool.det.learned);
  const further = await runOf(pool, schedule, { how: { goOn: true } });
  return told(schedule, [...other, `${left}; from there it went on under the seed`], further, color);
}

/** @param asked - a word or the path of a file @returns the exit code @throws UsageError */
export async function runReplay(asked: string): Promise<number> {
  const schedule = readSchedule(asked);
  const pool = poolOf(schedule);
  const color = process.stdout.isTTY === true && !process.env['NO_COLOR'];
  try {
    const { text, exitCode } = await replay(pool, schedule, color);
    process.stdout.write(text);
    return exitCode;
  } finally {
    await pool.close();
  }
}
