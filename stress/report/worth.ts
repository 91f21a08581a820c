// SPDX-License-Identifier: GPL-2.0-only
/** What a green run is worth, in sentences: how much was looked at, and that what was looked with can see. */
import { labelOf } from './grade.ts';
import type { RunResult } from './result.ts';
import { count, plural, span } from './text.ts';

export const SEED_NOTE =
  'The seed fixes the workload, not the schedule: the same seed may show more, or less, another time.';

function cleanSentence({ confidence: { cleanRounds, ruleOfThree }, scenarios }: RunResult): string {
  if (cleanRounds === 0) return 'No round ran on a build that should show nothing, so nothing is known of one.';
  const ran = `${plural(cleanRounds, 'round')} ran on builds that should show nothing`;
  if (scenarios.some((scenario) => labelOf(scenario) === 'FAILED')) return `${ran}, and something was found there.`;
  if (ruleOfThree === 0) return `${ran}.`;
  const known = scenarios.some(({ expectsFinding, findings }) => !expectsFinding && findings.length > 0);
  return (
    `${ran}, and showed nothing${known ? ' but what is known in v3.17' : ''}: with 95 % confidence a finding there is rarer than once in ` +
    `${plural(Number(ruleOfThree.toFixed(1)), 'round')} (rule of three: ${count(cleanRounds)} / 3).`
  );
}

function sightSentence({ scenarios }: RunResult): string {
  const reverted = scenarios.filter((scenario) => scenario.expectsFinding);
  if (reverted.length === 0) return 'No reverted build was run, so nothing proves that the oracles see.';
  const times = reverted.flatMap(({ firstFindingMs }) => (firstFindingMs === null ? [] : [firstFindingMs]));
  const slowest = times.length === 0 ? '' : `, the slowest after ${span(Math.max(...times))}`;
  return `${times.length} of ${plural(reverted.length, 'reverted build')} showed ${reverted.length === 1 ? 'its' : 'their'} race${slowest}.`;
}

export const worthSentences = (result: RunResult): string[] => [
  cleanSentence(result),
  sightSentence(result),
  SEED_NOTE,
];
