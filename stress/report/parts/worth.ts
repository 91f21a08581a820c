// SPDX-License-Identifier: GPL-2.0-only
/** What a green run is worth, in sentences: how much was looked at, and that what was looked with can see. */
import { buildText, labelOf } from '../../result/labels.ts';
import type { RunResult } from '../../result/run_result.ts';
import { plural, span } from '../../text/layout.ts';
import { detectionLine, detectionsOf } from './detection_text.ts';

export const SEED_NOTE =
  'The seed fixes the workload, not the schedule: the same seed may show more, or less, another time.';

const SCHEDULE_NOTES = [
  'The seed fixes the workload and the schedules: the same number of schedules shows the same again.',
];

/** Rule of three: n rounds without a finding bound its rate by 3/n, with 95 % confidence. */
function cleanSentence({ confidence: { cleanRounds }, scenarios }: RunResult): string {
  const what = scenarios.some(({ schedules }) => schedules !== undefined) ? 'schedule' : 'round';
  if (cleanRounds === 0) return `No ${what} ran on a build that should show nothing, so nothing is known of one.`;
  const ran = `${plural(cleanRounds, what)} ran on builds that should show nothing`;
  if (scenarios.some((scenario) => labelOf(scenario) === 'FAILED')) return `${ran}, and something was found there.`;
  const known = scenarios.some(({ build, findings }) => build.reverted.length === 0 && findings.length > 0);
  const clean = `${ran}, and showed nothing${known ? ' but what is known in v3.17' : ''}`;
  if (cleanRounds <= 3) return `${clean}: too few to say how rare anything is.`;
  const once = Number((cleanRounds / 3).toFixed(1)).toLocaleString('en-US');
  return (
    `${clean}: with 95 % confidence anything else there is rarer than once in ${once} ${what}s ` +
    `(rule of three: 3/${cleanRounds} = ${(300 / cleanRounds).toFixed(2)} % of ${what}s at most).`
  );
}

function sightSentence({ scenarios }: RunResult): string {
  const reverted = scenarios.filter((scenario) => scenario.expectsFinding);
  if (reverted.length === 0) return 'No build without a fix was run, so nothing proves that the oracles see.';
  const times = reverted.flatMap(({ firstFindingMs }) => (firstFindingMs === null ? [] : [firstFindingMs]));
  const slowest = times.length === 0 ? '' : `, the slowest after ${span(Math.max(...times))}`;
  const whose = reverted.length === 1 ? 'its' : 'their';
  return `${times.length} of ${plural(reverted.length, 'build')} without a fix showed ${whose} race${slowest}.`;
}

/** So few detections leave open by what factor a time is wrong. */
const FEW_DETECTIONS = 5;

/** Time to detection of the race that takes longest. */
function slownessSentences({ scenarios }: RunResult): string[] {
  const [slowest] = detectionsOf(scenarios)
    .filter(({ detection }) => detection.p95Ms !== null)
    .sort((a, b) => (b.detection.p95Ms ?? 0) - (a.detection.p95Ms ?? 0));
  if (slowest === undefined) return [];
  const { name, detection } = slowest;
  const few = detection.detected < FEW_DETECTIONS ? '; so few say no more than the order of magnitude' : '';
  return [
    `Slowest to show is ${name} (${buildText(slowest)}), ${detectionLine(detection)}, ` +
      `if its rate is constant (${plural(detection.detected, 'detection')} in ${span(detection.exposureMs)}${few}).`,
  ];
}

function givenUpSentences({ scenarios }: RunResult): string[] {
  const rounds = scenarios.reduce((sum, { inconclusive }) => sum + (inconclusive?.rounds ?? 0), 0);
  const why = scenarios.findLast(({ inconclusive }) => inconclusive !== undefined)?.inconclusive?.why;
  if (why === undefined) return [];
  return [`${plural(rounds, 'round')} ended without a verdict, and count for nothing: ${why}.`];
}

export const worthSentences = (result: RunResult): string[] => [
  cleanSentence(result),
  sightSentence(result),
  ...slownessSentences(result),
  ...givenUpSentences(result),
  ...(result.scenarios.some(({ schedules }) => schedules !== undefined) ? SCHEDULE_NOTES : [SEED_NOTE]),
];
