// SPDX-License-Identifier: GPL-2.0-only
/**
 * The hand-off: what free threads have found is looked for again among schedules, cut down, and told step by step.
 *
 * The small form of the scenario is searched where there is one. A build that is to show its race has several findings
 * of one cause; any of them that a schedule shows will do. Findings that nobody expects come first, and each has the
 * whole time; those that are expected share it.
 */
import { wall_clock } from '../../../src/arch/sab/clock.ts';
import { type Build, buildOf } from '../../../src/reverts/registry.ts';
import { worstFirst } from '../../result/labels.ts';
import type { Explained, Finding, ScenarioResult } from '../../result/run_result.ts';
import { Pool } from '../../round/pool.ts';
import { SCENARIOS } from '../../scenarios/index.ts';
import { classify } from '../../scenarios/known.ts';
import { assignRoles } from '../../scenarios/roles.ts';
import { minThreads, type Scenario } from '../../scenarios/scenario.ts';
import { plural } from '../../text/layout.ts';
import { minimise } from '../minimise/minimise.ts';
import { poolOf } from '../replay.ts';
import type { Schedule } from '../schedule/schedule.ts';
import { readScheduleString } from '../schedule/string.ts';
import { type ExploreOptions, Explorer, scheduleOf, type Tried } from '../search/explore.ts';
import { explain } from './diagram.ts';

/** Findings of a scenario on a build, of which one is to be explained. */
export interface Unexplained extends Build<string> {
  /** Index of the case in the run. */
  readonly index: number;
  readonly scenario: string;
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
/** Of its part of the time, what each expected finding gets at first. */
const FIRST_SHARE = 0.3;

const now = (): number => wall_clock() / 1e6;

const matches = (finding: Finding, { result }: Tried): boolean => {
  const [first] = result.records;
  return first?.kind === finding.kind && first.title === finding.title && first.where === finding.where;
};

function scenarioFor(name: string): Scenario | null {
  const named = (wanted: string): Scenario | undefined => SCENARIOS.find((one) => one.name === wanted);
  return named(`${name}_small`) ?? named(name) ?? null;
}

/** A schedule that shows a finding; `same` if it is one of those asked for, and not only of the same build. */
interface Hit {
  readonly tried: Tried;
  readonly finding: Finding;
  readonly same: boolean;
}

/**
 * Searches until one of the findings shows, or the time is over. A build without a fix may show it in another way than
 * it did on free threads: the first such schedule is kept for want of a better one.
 */
async function search(
  explorer: Explorer,
  unexplained: Unexplained,
  scenario: Scenario,
  untilMs: number,
  stop: AbortSignal,
): Promise<Hit | null> {
  const { findings } = unexplained;
  const [wanted] = findings as readonly [Finding, ...Finding[]];
  let hit: Hit | null = null;
  await explorer.run((tried) => {
    const finding = findings.find((one) => matches(one, tried));
    if (finding !== undefined) hit = { tried, finding, same: true };
    const [first] = tried.result.records;
    if (first !== undefined && classify(first, { ...unexplained, scenario }, tried.result.operations).expected) {
      hit ??= { tried, finding: wanted, same: false };
    }
    return (hit === null || !hit.same) && now() < untilMs;
  }, stop);
  return hit;
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
  const explored = { scenario, ...buildOf(unexplained as Build<string> as Build), roles };
  const pool = new Pool(threads, ARENA_MIB, true, true);
  try {
    const options: ExploreOptions = {
      // What takes a single preemption at one of few accesses shows first under pos.
      schedulers: ['pos', 'random', 'pos', 'pct'],
      depth: 3,
      seed,
      maxSteps: MAX_STEPS,
      memory: 'sc',
      arenaMib: ARENA_MIB,
      // What is found is confirmed when it has been cut down.
      selfCheck: 'sampled',
    };
    const explorer = new Explorer(pool, explored, options);
    const hit = await search(explorer, unexplained, scenario, now() + ms, stop);
    if (hit === null) {
      const many = plural(explorer.statistics.schedules, 'schedule');
      return `not found in time, in ${many} of ${scenario.name} under sequential consistency`;
    }
    const { number, spec, result } = hit.tried;
    const as = hit.same ? '' : ` as ${result.records[0]?.title ?? ''}, which has the same cause`;
    const how = `found by schedule ${number} of ${scenario.name}${as}`;
    return { schedule: scheduleOf(spec, result, options), finding: hit.finding, how };
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
    const budget = { ms: Math.max(LEAST_MINIMISE_MS, untilMs - now()), schedules: MINIMISE_SCHEDULES, stop };
    const { schedule, before, after, whole } = await minimise(pool, searched.schedule, budget);
    const explanation = await explain(pool, schedule);
    const further = whole ? '' : ', and no further for want of time';
    const cut = `cut down from ${plural(before.preemptions, 'preemption')} to ${after.preemptions}${further}`;
    return { index, finding: searched.finding, explained: { outcome: `${searched.how}, ${cut}`, explanation } };
  } finally {
    await pool.close();
  }
}

/** What is worth explaining in a run: each finding that nobody expects, and one for each build that is to show some. */
export function unexplainedOf(scenarios: readonly ScenarioResult[]): Unexplained[] {
  return scenarios.flatMap(({ name, build, findings }, index) => {
    const news = findings.filter((one) => (one.known === null || one.expected) && one.explained === null);
    const of = (some: readonly Finding[]): Unexplained => ({
      index,
      scenario: name,
      ...build,
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
  for (const one of all.filter((some) => !isExpected(some))) {
    if (stop.aborted) return;
    tell(await explainOne(one, ms, seed, stop));
  }
  // Most show at once. What they leave of the time is for those that do not.
  const untilMs = now() + ms;
  const expected = all.filter(isExpected);
  const silent: Unexplained[] = [];
  for (const one of expected) {
    if (stop.aborted) return;
    const first = await explainOne(one, (FIRST_SHARE * ms) / expected.length, seed, stop);
    if (first.explained.explanation === null) silent.push(one);
    else tell(first);
  }
  for (const [i, one] of silent.entries()) {
    if (stop.aborted) return;
    tell(await explainOne(one, Math.max(0, untilMs - now()) / (silent.length - i), seed + 1, stop));
  }
}
