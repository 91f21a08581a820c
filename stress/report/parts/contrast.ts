// SPDX-License-Identifier: GPL-2.0-only
/**
 * A system call's time with and without a fix that is about its time.
 *
 * The times of one round have much in common, so a round is one sample: the ratio of the builds is that of the means of
 * the logarithms of their rounds' medians, with Welch's interval.
 */
import { mean, sampleVariance } from 'simple-statistics';
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

/** Ratio of b's to a's, and its interval; null where a build has too few rounds. */
export function ratioOf(a: readonly number[], b: readonly number[]): [ratio: number, low: number, high: number] | null {
  if (a.length < 2 || b.length < 2) return null;
  const [la, lb] = [a.map(Math.log), b.map(Math.log)];
  const [va, vb] = [sampleVariance(la) / la.length, sampleVariance(lb) / lb.length];
  const difference = mean(lb) - mean(la);
  const error = Math.sqrt(va + vb);
  if (error === 0) return [Math.exp(difference), Math.exp(difference), Math.exp(difference)];
  const df = (va + vb) ** 2 / (va ** 2 / (la.length - 1) + vb ** 2 / (lb.length - 1));
  const half = exceededBy((1 - CONFIDENCE) / 2, df) * error;
  return [Math.exp(difference), Math.exp(difference - half), Math.exp(difference + half)];
}

function textOf(call: string, patched: Contrasted, reverted: Contrasted): string {
  const ratio = ratioOf(patched.contrast.medians, reverted.contrast.medians);
  const rounds = `${patched.contrast.medians.length} and ${reverted.contrast.medians.length} rounds`;
  if (ratio === null) return `${rounds} are too few to compare the builds; type a longer --duration`;
  const [middle, low, high] = ratio.map((n) => n.toFixed(2));
  const verdict =
    ratio[1] > 1 ? 'takes longer' : ratio[2] < 1 ? 'takes less time' : 'takes as long, as far as this shows,';
  return (
    `${call}() ${verdict} without the fix: its median is ${middle} times that of the patched build ` +
    `(${low} to ${high} with 95 % confidence, ${rounds})`
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
