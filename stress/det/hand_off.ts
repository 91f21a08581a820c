// SPDX-License-Identifier: GPL-2.0-only
/**
 * The hand-off: what free threads have found is looked for again among schedules, cut down, and told step by step.
 *
 * The small form of the scenario is searched where there is one. A build that is to show its race has several findings
 * of one cause; any of them that a schedule shows will do. Findings that nobody expects come first, and each has the
 * whole time; those that are expected share it.
 */
import { wall_clock } from '../../src/arch/sab/clock.ts';
import type { Slug } from '../../src/reverts/registry.ts';
import { Pool } from '../pool.ts';
import { worstFirst } from '../report/grade.ts';
import type { Explained, Finding, ScenarioResult } from '../report/result.ts';
import { plural } from '../report/text.ts';
import { assignRoles } from '../roles.ts';
import { SCENARIOS } from '../scenarios/index.ts';
import { minThreads, type Scenario } from '../scenarios/scenario.ts';
import { explain } from './diagram.ts';
import { type ExploreOptions, Explorer, scheduleOf, type Tried } from './explore.ts';
import { minimise } from './minimise.ts';
import { poolOf } from './replay.ts';
import type { Schedule } from './schedule.ts';
import { readScheduleString } from './schedule_string.ts';

/** Findings of a scenario on a build, of which one is to be explained. */
export interface Unexplained {
  /** Index of the case in the run. */
  readonly index: number;
  readonly scenario: string;
  readonly reverted: readonly string[];
  /** Most wanted first. */
  readonly findings: readonly Finding[];
}

export interface ExplainedFinding {
  readonly index: number;
  readonly finding: Finding;
  readonly explained: Explained;
}

const ARENA_MIB = 16;
const MAX_STEPS = 100_000;
/** Of the time for a finding, what the search may take; the rest is for cutting down. */
const SEARCH_SHARE = 0.7;
const MINIMISE_SCHEDULES = 400;
const LEAST_MINIMISE_MS = 1000;

const now = (): number => wall_clock() / 1e6;

const matches = (finding: Finding, { result }: Tried): boolean => {
  const [first] = result.records;
  return first?.kind === finding.kind && first.title === finding.title && first.where === finding.where;
};

function scenarioFor(name: string): Scenario | null {
  const named = (wanted: string): Scenario | undefined => SCENARIOS.find((one) => one.name === wanted);
  return named(`${name}_small`) ?? named(name) ?? null;
}

/** Searches until one of the findings shows, or the time is over. */
async function search(
  pool: Pool,
  explorer: Explorer,
  findings: readonly Finding[],
  untilMs: number,
  stop: AbortSignal,
): Promise<{ tried: Tried; finding: Finding } | null> {
  let found: { tried: Tried; finding: Finding } | null = null;
  await explorer.run((tried) => {
    const finding = findings.find((one) => matches(one, tried));
    if (finding !== undefined) found = { tried, finding };
    return found === null && now() < untilMs;
  }, stop);
  return pool.casualties().length > 0 ? null : found;
}

/** What a search came to: a schedule and the finding that it shows, or why there is none. */
type Searched = { readonly schedule: Schedule; readonly finding: Finding; readonly how: string } | string;

/** Takes the schedule that the deterministic engine has kept, or searches for one. */
async function scheduleFor(unexplained: Unexplained, ms: number, seed: number, stop: AbortSignal): Promise<Searched> {
  const kept = unexplained.findings.find((finding) => finding.schedule !== undefined);
  const schedule = kept?.schedule === undefined ? null : readScheduleString(kept.schedule);
  if (kept !== undefined && schedule !== null) return { schedule, finding: kept, how: 'its own schedule' };
  const scenario = scenarioFor(unexplained.scenario);
  if (scenario === null) return 'its scenario has no schedules';
  const threads = minThreads(scenario);
  const roles = assignRoles(scenario, threads, null);
  const explored = { scenario, reverted: unexplained.reverted as readonly Slug[], roles };
  const pool = new Pool(threads, ARENA_MIB, true, true);
  try {
    const options: ExploreOptions = {
      schedulers: ['random', 'pct', 'pos'],
      depth: 3,
      seed,
      maxSteps: MAX_STEPS,
      memory: 'sc',
      arenaMib: ARENA_MIB,
    };
    const explorer = new Explorer(pool, explored, options);
    const found = await search(pool, explorer, unexplained.findings, now() + ms, stop);
    const { schedules } = explorer.statistics;
    if (found === null) return `not found in time, in ${plural(schedules, 'schedule')} of ${scenario.name}`;
    const { spec, result } = found.tried;
    const how = `found by schedule ${schedules} of ${scenario.name}`;
    return { schedule: scheduleOf(spec, result, options), finding: found.finding, how };
  } finally {
    await pool.close();
  }
}

async function explainOne(
  unexplained: Unexplained,
  ms: number,
  seed: number,
  stop: AbortSignal,
): Promise<ExplainedFinding> {
  const { index } = unexplained;
  const [wanted] = unexplained.findings as readonly [Finding, ...Finding[]];
  const untilMs = now() + ms;
  const searched = await scheduleFor(unexplained, SEARCH_SHARE * ms, seed, stop);
  if (typeof searched === 'string') {
    return { index, finding: wanted, explained: { outcome: searched, explanation: null } };
  }
  const pool = poolOf(searched.schedule);
  try {
    const budget = { ms: Math.max(LEAST_MINIMISE_MS, untilMs - now()), schedules: MINIMISE_SCHEDULES };
    const { schedule, before, after } = await minimise(pool, searched.schedule, budget);
    const explanation = await explain(pool, schedule);
    const cut = `cut down from ${plural(before.preemptions, 'preemption')} to ${after.preemptions}`;
    return { index, finding: searched.finding, explained: { outcome: `${searched.how}, ${cut}`, explanation } };
  } finally {
    await pool.close();
  }
}

/** What is worth explaining in a run: each finding that nobody expects, and one for each build that is to show some. */
export function unexplainedOf(scenarios: readonly ScenarioResult[]): Unexplained[] {
  return scenarios.flatMap(({ name, build, findings }, index) => {
    const news = findings.filter(({ known, explained }) => known === null && explained === null);
    const of = (some: readonly Finding[]): Unexplained => ({
      index,
      scenario: name,
      reverted: build.reverted,
      findings: some,
    });
    const expected = news.filter((finding) => finding.expected);
    return [
      ...news.filter((finding) => !finding.expected).map((finding) => of([finding])),
      ...(expected.length > 0 ? [of(worstFirst(expected))] : []),
    ];
  });
}

/**
 * Explains what can be explained in the time.
 *
 * @param all - cases with findings; those that are expected share `ms`, each of the others has all of it
 * @param seed - of the run
 * @param tell - is given each as it comes
 */
export async function explainFindings(
  all: readonly Unexplained[],
  ms: number,
  seed: number,
  stop: AbortSignal,
  tell: (explained: ExplainedFinding) => void,
): Promise<void> {
  const isExpected = ({ findings }: Unexplained): boolean => findings[0]?.expected ?? false;
  const expected = all.filter(isExpected);
  const order = [...all.filter((one) => !isExpected(one)), ...expected];
  for (const one of order) {
    if (stop.aborted) return;
    const share = isExpected(one) ? ms / expected.length : ms;
    tell(await explainOne(one, share, seed, stop));
  }
}
