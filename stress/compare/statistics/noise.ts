// SPDX-License-Identifier: GPL-2.0-only
/**
 * Whether a ratio exceeds the noise of the runs.
 *
 * Rounds are not independent: a machine that others use is slow for seconds, or for minutes. So each run is cut into
 * eight blocks of consecutive rounds, whatever their cases, and a block is one sample: what comes and goes within a
 * block is in its mean, and what differs from block to block is the noise. Welch's t-test on the block means then asks
 * whether the ratio is farther from 1 than the smallest difference of interest. (Where rounds have twins it is the
 * t-test of one series: that of the twins' ratios.)
 *
 * What changes more slowly than a block makes blocks alike, and the test too sure. Each run's two halves show that: a
 * ratio that is not twice as far from 1 as the halves of either run are apart is called drift, whatever the test says.
 */
import { mean, sampleVariance } from 'simple-statistics';
import { ALPHA, BLOCKS } from '../criteria.ts';
import type { Fit } from './fit.ts';
import { exceededBy, upperTail } from './student.ts';

const DRIFT_FACTOR = 2;

/** Means of so many stretches of the same length, or one more, in order. */
export function blockMeans(values: readonly number[], blocks: number): number[] {
  const at = (i: number): number => Math.round((i * values.length) / blocks);
  return Array.from({ length: blocks }, (_, i) => mean(values.slice(at(i), at(i + 1))));
}

export interface Noise {
  /** Of the log ratio. */
  readonly low: number;
  readonly high: number;
  /** Chance of a log ratio as far off as this, were the true one `smallest` off. */
  readonly p: number;
  /** Whether the halves of a run differ by as much as the runs do. */
  readonly drift: boolean;
}

const halvesApart = (values: readonly number[]): number => {
  const [first = 0, second = 0] = blockMeans(values, 2);
  return Math.abs(second - first);
};

/**
 * Of a figure with at least BLOCKS rounds in each run.
 *
 * @param smallest - difference of interest, as a log ratio
 */
export function noiseOf({ logRatio, series, levels }: Fit, smallest: number): Noise {
  const squares = series.map((values) => (levels * sampleVariance(blockMeans(values, BLOCKS))) / BLOCKS);
  const square = squares.reduce((sum, one) => sum + one, 0);
  const far = Math.abs(logRatio);
  const drift = far <= DRIFT_FACTOR * Math.max(...series.map(halvesApart));
  // figures without any noise are counts that came out the same each time
  if (square === 0) return { low: logRatio, high: logRatio, p: far > smallest ? 0 : 1, drift };
  const error = Math.sqrt(square);
  const df = square ** 2 / (squares.reduce((sum, one) => sum + one * one, 0) / (BLOCKS - 1));
  const reach = exceededBy(ALPHA / 2, df) * error;
  return {
    low: logRatio - reach,
    high: logRatio + reach,
    p: Math.min(1, upperTail((far - smallest) / error, df) + upperTail((far + smallest) / error, df)),
    drift,
  };
}
