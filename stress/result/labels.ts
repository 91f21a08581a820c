// SPDX-License-Identifier: GPL-2.0-only
/** How a scenario on a build did, in a word, and what its findings have to do with the fixes taken back. */
import { type Build, FIXES, isSlug } from '../../src/reverts/registry.ts';
import type { Finding, ScenarioResult } from './run_result.ts';

export type Label = 'OK' | 'SURFACED' | 'FAILED' | 'NOT SURFACED' | 'VACUOUS' | 'NOT RUN';

/** `patched`, `reverted: serialise_migration`, or `applied: unmap_failed_ring`. */
export const buildName = ({ reverted, applied = [], rcu }: Build<string>, otherwise = 'patched'): string =>
  [
    ...(reverted.length > 0 ? [`reverted: ${reverted.join(', ')}`] : []),
    ...(applied.length > 0 ? [`applied: ${applied.join(', ')}`] : []),
    ...(reverted.length + applied.length > 0 ? [] : [otherwise]),
    ...(rcu === 'preempt' ? ['preemptible RCU'] : []),
  ].join('; ');

export const buildText = ({ build }: ScenarioResult): string => buildName(build);

/**
 * Goals that must be reached and were not: what the scenario is about never happened. A build that is to break may well
 * break before it gets anywhere.
 */
export const missedGoals = ({ goals, build, expectsFinding, rounds }: ScenarioResult): string[] =>
  build.reverted.length > 0 || expectsFinding || rounds === 0
    ? []
    : Object.entries(goals)
        .filter(([, goal]) => goal.required && goal.count === 0)
        .map(([name]) => name);

/** Whether it shows what no build should show, or what nobody has graded. */
function isFailed({ findings, outcomes }: ScenarioResult): boolean {
  if (findings.some((finding) => finding.known === null && !finding.expected)) return true;
  const known = new Set(findings.map((finding) => finding.kind));
  return outcomes.some(
    ({ expect, samples, result }) =>
      samples > 0 && (expect === 'UNKNOWN' || (expect === 'FORBIDDEN' && !known.has(result))),
  );
}

export function labelOf(scenario: ScenarioResult): Label {
  if (scenario.rounds === 0) return 'NOT RUN';
  if (isFailed(scenario)) return 'FAILED';
  const breaks = scenario.expectsFinding || scenario.build.reverted.length > 0;
  // also where it was not expected: a machine of weaker order shows more
  if (breaks && scenario.firstFindingMs !== null) return 'SURFACED';
  if (scenario.expectsFinding) return 'NOT SURFACED';
  return missedGoals(scenario).length > 0 ? 'VACUOUS' : 'OK';
}

/** The fixes that a finding on a reverted build points to; a known one names its own. */
export function hints(scenario: ScenarioResult, finding: Finding): string[] {
  if (!finding.expected || finding.known !== null) return [];
  return scenario.build.reverted.filter(isSlug).map((slug) => {
    const { commit, subject, fixedIn } = FIXES[slug];
    return `HINT: this is what ${commit} ("${subject}") fixed in ${fixedIn}`;
  });
}

/** Findings nobody has an explanation for first, then by count. */
export const worstFirst = (findings: readonly Finding[]): Finding[] =>
  [...findings].sort((a, b) => Number(a.known !== null) - Number(b.known !== null) || b.count - a.count);
