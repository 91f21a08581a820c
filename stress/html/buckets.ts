// SPDX-License-Identifier: GPL-2.0-only
/**
 * A histogram's bins gathered into buckets that are wide enough to be drawn or listed: some for each doubling, so that
 * they are equally wide on a logarithmic axis.
 */
import { type Bins, highOf, lowOf } from '../../src/arch/sab/histogram.ts';

export interface Bucket {
  /** ns; at least 1, as a logarithmic axis has no 0 */
  readonly from: number;
  /** ns; the next bucket's `from` */
  readonly to: number;
  readonly count: number;
}

/** @returns the buckets from the first to the last that is not empty */
export function bucketsOf(bins: Bins, perDoubling: number): Bucket[] {
  const edge = (index: number): number => 2 ** (index / perDoubling);
  const counts = new Map<number, number>();
  for (let i = 0; i < bins.length; i += 2) {
    const bin = bins[i] as number;
    const middle = Math.max(1, (lowOf(bin) + highOf(bin)) / 2);
    const index = Math.floor(Math.log2(middle) * perDoubling);
    counts.set(index, (counts.get(index) ?? 0) + (bins[i + 1] as number));
  }
  if (counts.size === 0) return [];
  const first = Math.min(...counts.keys());
  const last = Math.max(...counts.keys());
  return Array.from({ length: last - first + 1 }, (_, i) => ({
    from: edge(first + i),
    to: edge(first + i + 1),
    count: counts.get(first + i) ?? 0,
  }));
}

/** Share of the times that were at most `ns`, for each bin: the curve of percentiles. */
export function percentilesOf(bins: Bins, max: number): { share: number; ns: number }[] {
  let total = 0;
  for (let i = 1; i < bins.length; i += 2) total += bins[i] as number;
  let below = 0;
  const points: { share: number; ns: number }[] = [];
  for (let i = 0; i < bins.length; i += 2) {
    below += bins[i + 1] as number;
    points.push({ share: below / total, ns: Math.max(1, Math.min(max, highOf(bins[i] as number))) });
  }
  return points;
}
