// SPDX-License-Identifier: GPL-2.0-only
/** Thresholds in words: what was asked, what was measured, and whether that meets it. */
import type { RunResult, ThresholdResult } from '../../result/run_result.ts';

/** `throughput.events > 2e6/s: it was 1,240,000/s` */
export const thresholdText = ({ expression, value, text }: ThresholdResult): string =>
  `${expression}: ${value === null ? text : `it was ${text}`}`;

export const thresholdWord = ({ met, value }: ThresholdResult): 'met' | 'NOT MEASURED' | 'BROKEN' => {
  if (met) return 'met';
  return value === null ? 'NOT MEASURED' : 'BROKEN';
};

/** Those that were typed and not judged: a part of a run says nothing of the whole. */
export function notJudged({ parameters, thresholds }: RunResult): string[] {
  const judged = new Set(thresholds.map(({ expression }) => expression));
  return parameters.thresholds.filter((expression) => !judged.has(expression));
}
