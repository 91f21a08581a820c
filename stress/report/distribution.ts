// SPDX-License-Identifier: GPL-2.0-only
/** Distributions of times, from the bins that the threads counted. */
import { build } from 'hdr-histogram-js';
import { type Bins, highOf, lowOf } from '../../src/arch/sab/histogram.ts';
import type { Distribution } from './result.ts';

/** What is known of the times besides the bins; a bin is 1.6 % wide. */
export interface Exact {
  readonly min?: number;
  readonly max?: number;
  readonly mean?: number;
}

/** The middle of a bin, ns. */
const middle = (bin: number): number => Math.round((lowOf(bin) + highOf(bin)) / 2);

/** A distribution's values and their counts, in rising order. */
export function pairsOf(bins: Bins): { bin: number; count: number }[] {
  return Array.from({ length: bins.length / 2 }, (_, i) => ({
    bin: bins[2 * i] as number,
    count: bins[2 * i + 1] as number,
  }));
}

/** As an HdrHistogram. Values below 1 ns count as 1. */
export function histogramOf(bins: Bins) {
  const histogram = build({ highestTrackableValue: 2 ** 38, numberOfSignificantValueDigits: 3, bitBucketSize: 64 });
  for (const { bin, count } of pairsOf(bins)) histogram.recordValueWithCount(Math.max(1, middle(bin)), count);
  return histogram;
}

export function distribution(bins: Bins, exact: Exact = {}): Distribution {
  const h = histogramOf(bins);
  const first = bins[0];
  const last = bins[bins.length - 2];
  const max = exact.max ?? (last === undefined ? 0 : highOf(last));
  const min = exact.min ?? (first === undefined ? 0 : lowOf(first));
  // A bin's middle may lie outside of what was really seen.
  const at = (percent: number): number => Math.min(max, Math.max(min, h.getValueAtPercentile(percent)));
  return {
    samples: h.totalCount,
    min,
    mean: exact.mean ?? (h.totalCount === 0 ? 0 : h.mean),
    p50: h.totalCount === 0 ? 0 : at(50),
    p90: h.totalCount === 0 ? 0 : at(90),
    p99: h.totalCount === 0 ? 0 : at(99),
    p999: h.totalCount === 0 ? 0 : at(99.9),
    max,
    histogram: bins,
  };
}
