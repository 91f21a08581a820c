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
import type { Explained, Finding } from '../report/result.ts';
import { plural } from '../report/text.ts';
import { assignRoles } from '../roles.ts';
import { SCENARIOS } from '../scenarios/index.ts';
import { minThreads, type Scenario } from '../scenarios/scenario.ts';
import { explain } from './diagram.ts';
import { Explorer, type Tried } from './explore.ts';
import { minimise } from './minimise.ts';

/** Findings of a scenario on a build, of which one is to be explained. */
export interface Unexplained {
  readonly scenario: string;
  readonly reverted: readonly string[];
  /** Most wanted first. */
  readonly findings: readonly Finding[];
}

export interface ExplainedFinding {
  readonly finding: Finding;
  readonly explained: Explained;
}

const ARENA_MIB = 16;
const MAX_STEPS = 50_000;
/** Of the time for a finding, what the search may take; the rest is for cutting down. */
const SEARCH_SHARE = 0.7;
const MINIMISE_SCHEDULES = 400;

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

async function explainOne(
  unexplained: Unexplained,
  ms: number,
  seed: number,
  stop: AbortSignal,
): Promise<ExplainedFinding> {
  const [wanted] = unexplained.findings as readonly [Finding, ...Finding[]];
  const scenario = scenarioFor(unexplained.scenario);
  if (scenario === null)
    return { finding: wanted, explained: { outcome: 'its scenario has no schedules', explanation: null } };
  const threads = minThreads(scenario);
  const roles = assignRoles(scenario, threads, null);
  const explored = { scenario, reverted: unexplained.reverted as readonly Slug[], roles };
  const pool = new Pool(threads, ARENA_MIB, true, true);
  const startedMs = now();
  try {
    const explorer = new Explorer(pool, explored, {
      schedulers: ['random', 'pct', 'pos'],
      depth: 3,
      seed,
      maxSteps: MAX_STEPS,
      memory: 'sc',
      arenaMib: ARENA_MIB,
    });
    const found = await search(pool, explorer, unexplained.findings, startedMs + SEARCH_SHARE * ms, stop);
    const { schedules } = explorer.statistics;
    if (found === null) {
      const outcome = `not found in time, in ${plural(schedules, 'schedule')} of ${scenario.name}`;
      return { finding: wanted, explained: { outcome, explanation: null } };
    }
    const left = Math.max(1000, startedMs + ms - now());
    const least = await minimise(pool, explorer.schedule(found.tried), { ms: left, schedules: MINIMISE_SCHEDULES });
    const explanation = await explain(pool, least.schedule);
    const outcome =
      `found by schedule ${schedules} of ${scenario.name}, ` +
      `cut down from ${plural(least.before.preemptions, 'preemption')} to ${least.after.preemptions}`;
    return { finding: found.finding, explained: { outcome, explanation } };
  } finally {
    await pool.close();
  }
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
