// SPDX-License-Identifier: GPL-2.0-only
/**
 * A system call's time with and without a fix that is about its time.
 *
 * The n-th rounds of two builds have the same workload, so they are a pair, and a pair is one sample: the ratio is the
 * geometric mean of the ratios of medians, and its interval Student's, on logarithms.
 */
import { mean, sampleStandardDeviation } from 'simple-statistics';
import { exceededBy } from '../../compare/statistics/student.ts';
import { buildText } from '../../result/labels.ts';
import type { Distribution, ScenarioResult } from '../../result/run_result.ts';

type Contrasted = ScenarioResult & { readonly contrast: NonNullable<ScenarioResult['contrast']> };

export interface Contrast {
  readonly scenario: string;
  readonly call: string;
  /** By build, the patched one first. */
  readonly latency: Readonly<Record<string, Distribution>>;
  /** A sentence. */
  readonly text: string;
}

const CONFIDENCE = 0.95;

export interface Ratio {
  readonly pairs: number;
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
}

/** Ratio of b's to a's, pair by pair; null where there are too few pairs for an interval. */
export function ratioOf(a: readonly number[], b: readonly number[]): Ratio | null {
  const pairs = Math.min(a.length, b.length);
  if (pairs < 2) return null;
  const logs = Array.from({ length: pairs }, (_, n) => Math.log((b[n] as number) / (a[n] as number)));
  const half = exceededBy((1 - CONFIDENCE) / 2, pairs - 1) * (sampleStandardDeviation(logs) / Math.sqrt(pairs));
  const [low, ratio, high] = [-half, 0, half].map((from) => Math.exp(mean(logs) + from)) as [number, number, number];
  return { pairs, ratio, low, high };
}

function textOf(call: string, patched: Contrasted, reverted: Contrasted): string {
  const found = ratioOf(patched.contrast.medians, reverted.contrast.medians);
  if (found === null) return 'one pair of rounds is too few to compare the builds; type a longer --duration';
  const { pairs, ratio, low, high } = found;
  const time = low > 1 ? 'longer' : high < 1 ? 'less time' : 'as long, as far as this run can tell';
  return (
    `Without the fix ${call}() takes ${time}: its median is ${ratio.toFixed(2)} times that of the patched build ` +
    `(${low.toFixed(2)} to ${high.toFixed(2)} with 95 % confidence, ${pairs} pairs of rounds)`
  );
}

/** Of each scenario that is about the time of a call, and was run on both builds. */
export function contrastsOf(scenarios: readonly ScenarioResult[]): Contrast[] {
  const measured = scenarios.filter((one): one is Contrasted => one.contrast !== undefined);
  return measured
    .filter(({ build }) => build.reverted.length > 0)
    .flatMap((reverted) => {
      const { name, contrast } = reverted;
      const patched = measured.find((one) => one.name === name && one.build.reverted.length === 0);
      if (patched === undefined) return [];
      return [
        {
          scenario: name,
          call: contrast.call,
          latency: Object.fromEntries([patched, reverted].map((one) => [buildText(one), one.contrast.latency])),
          text: textOf(contrast.call, patched, reverted),
        },
      ];
    });
}
