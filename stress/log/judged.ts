// SPDX-License-Identifier: GPL-2.0-only
/** Holds a run against its thresholds. An interrupted run is not judged: half a run's figures are not the run's. */
import { type RunResult, VERDICTS } from '../result/run_result.ts';
import { judge, parseThreshold } from '../threshold/threshold.ts';

/** A broken threshold turns what would have passed, or meant nothing, into a failure; a finding stays what it is. */
export function judged(result: RunResult): RunResult {
  if (result.interrupted || result.parameters.thresholds.length === 0) return result;
  const thresholds = judge(result.parameters.thresholds.map(parseThreshold), result);
  const broken = thresholds.filter(({ met }) => !met);
  if (broken.length === 0 || (result.verdict !== 'passed' && result.verdict !== 'inconclusive')) {
    return { ...result, thresholds };
  }
  const figures = broken.map(({ expression, text }) => `${expression} (it is ${text})`);
  const also = result.verdict === 'inconclusive' ? `; and ${result.reason}` : '';
  return {
    ...result,
    thresholds,
    verdict: 'threshold',
    exitCode: VERDICTS.threshold,
    reason: `broken: ${figures.join('; ')}${also}`,
  };
}
