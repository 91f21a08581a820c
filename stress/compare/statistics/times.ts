// SPDX-License-Identifier: GPL-2.0-only
/** Means and percentiles of a round's bins, which are too few for a histogram of their own. */
import { type Bins, highOf, lowOf } from '../../../src/arch/sab/histogram.ts';
import { pairsOf } from '../../result/distribution.ts';

const middle = (bin: number): number => (lowOf(bin) + highOf(bin)) / 2;

export const samplesOf = (bins: Bins): number => pairsOf(bins).reduce((sum, { count }) => sum + count, 0);

/** ns; at least one sample */
export const meanOf = (bins: Bins): number =>
  pairsOf(bins).reduce((sum, { bin, count }) => sum + middle(bin) * count, 0) / samplesOf(bins);

/** The time, ns, that a share of the samples does not exceed. @param share - 0 to 1 */
export function percentileOf(bins: Bins, share: number): number {
  const rank = Math.max(1, Math.ceil(share * samplesOf(bins)));
  let seen = 0;
  for (const { bin, count } of pairsOf(bins)) {
    seen += count;
    if (seen >= rank) return middle(bin);
  }
  return 0;
}
