// SPDX-License-Identifier: GPL-2.0-only
/** Distributions of times, from the bins that the threads counted. */
import { type Bins, highOf, lowOf } from '../../src/arch/sab/histogram.ts';
import type { Distribution } from './run_result.ts';

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

/** @returns the middle of the bin in which the value of a percentile lies, ns; at least 1 */
export function percentileOf(bins: Bins, percent: number): number {
  const pairs = pairsOf(bins);
  const samples = pairs.reduce((sum, { count }) => sum + count, 0);
  const wanted = Math.max(1, Math.ceil((percent / 100) * samples));
  let below = 0;
  const found = pairs.find(({ count }) => {
    below += count;
    return below >= wanted;
  });
  return found === undefined ? 0 : Math.max(1, middle(found.bin));
}

export function distribution(bins: Bins, exact: Exact = {}): Distribution {
  const pairs = pairsOf(bins);
  const samples = pairs.reduce((sum, { count }) => sum + count, 0);
  const total = pairs.reduce((sum, { bin, count }) => sum + count * Math.max(1, middle(bin)), 0);
  const first = pairs[0];
  const last = pairs.at(-1);
  const max = exact.max ?? (last === undefined ? 0 : highOf(last.bin));
  const min = exact.min ?? (first === undefined ? 0 : lowOf(first.bin));
  // A bin's middle may lie outside of what was really seen.
  const at = (percent: number): number =>
    samples === 0 ? 0 : Math.min(max, Math.max(min, percentileOf(bins, percent)));
  return {
    samples,
    min,
    mean: exact.mean ?? (samples === 0 ? 0 : total / samples),
    p50: at(50),
    p90: at(90),
    p99: at(99),
    p999: at(99.9),
    max,
    histogram: bins,
  };
}
