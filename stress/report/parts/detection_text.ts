// SPDX-License-Identifier: GPL-2.0-only
/** How long races take to show where their fixes are taken back. */
import { buildText } from '../../result/labels.ts';
import type { Detection, ScenarioResult } from '../../result/run_result.ts';
import { count, plural, span } from '../../text/layout.ts';

/** A build that is to show its race, and how soon it does. */
export type Detected = ScenarioResult & { readonly detection: Detection };

export const detectionsOf = (scenarios: readonly ScenarioResult[]): Detected[] =>
  scenarios.filter((scenario): scenario is Detected => scenario.detection !== null);

const time = (ms: number | null): string => (ms === null ? 'never' : span(ms));

/** `in 2 of 11 rounds: half of the time within 2.8 s, 95 % within 12.1 s, 99 % within 18.7 s` */
export const detectionLine = ({ rounds, detected, p50Ms, p95Ms, p99Ms }: Detection): string =>
  `in ${count(detected)} of ${plural(rounds, 'round')}: half of the time within ${time(p50Ms)}, ` +
  `95 % within ${time(p95Ms)}, 99 % within ${time(p99Ms)}`;

export const DETECTION_COLUMNS: readonly { readonly head: string; readonly cell: (row: Detected) => string }[] = [
  { head: 'scenario', cell: ({ name }) => name },
  { head: 'build', cell: buildText },
  { head: 'rounds', cell: ({ detection }) => count(detection.rounds) },
  { head: 'detections', cell: ({ detection }) => count(detection.detected) },
  { head: 'exposure', cell: ({ detection }) => span(detection.exposureMs) },
  { head: 'p50', cell: ({ detection }) => time(detection.p50Ms) },
  { head: 'p95', cell: ({ detection }) => time(detection.p95Ms) },
  { head: 'p99', cell: ({ detection }) => time(detection.p99Ms) },
];
