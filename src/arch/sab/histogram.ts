// SPDX-License-Identifier: GPL-2.0-only
/**
 * Histograms of times in shared words, as HdrHistogram buckets them: 64 bins for each doubling, so that a value is
 * known to 1.6 % whatever its size. Recording is a few instructions and allocates nothing; each has one writer.
 *
 *   v < 128        bin = v
 *   otherwise      bin = 64 e + floor(v / 2^e), with e such that 64 <= v / 2^e < 128
 */
import type { Words } from './words.ts';

const SUB_BITS = 6;
const SUB = 1 << SUB_BITS;
/** The longest time, ns, that has a bin of its own; what is longer is counted with it. About 137 s. */
const LONGEST_NS = 2 ** 37 - 1;

/** @param ns - at least 0 */
export function binOf(ns: number): number {
  if (ns < 2 * SUB) return ns < 0 ? 0 : ns | 0;
  if (ns < 2 ** 31) {
    // By shifts: this is on the path of a lock, and a power is a call.
    const e = 31 - Math.clz32(ns) - SUB_BITS;
    return SUB * e + ((ns | 0) >> e);
  }
  const value = Math.min(ns, LONGEST_NS);
  const e = 63 - Math.clz32(value / 2 ** 32) - SUB_BITS;
  return SUB * e + Math.floor(value / 2 ** e);
}

/** Words that a histogram takes. */
export const HISTOGRAM_BINS = binOf(LONGEST_NS) + 1;

/** Least value of a bin, ns. */
export function lowOf(bin: number): number {
  const e = Math.max(0, Math.floor(bin / SUB) - 1);
  return (bin - SUB * e) * 2 ** e;
}
/** Greatest whole value of a bin, ns. */
export const highOf = (bin: number): number => lowOf(bin + 1) - 1;

/** Counts a value in the histogram that begins at `base`. */
export function countTime(words: Words, base: number, ns: number): void {
  const at = base + binOf(ns);
  words[at] = (words[at] as number) + 1;
}

/** The bins that are not empty: `[bin, count, bin, count, …]`, in order of bins. */
export type Bins = readonly number[];

export function readBins(words: Words, base: number): number[] {
  const bins: number[] = [];
  for (let bin = 0; bin < HISTOGRAM_BINS; bin++) {
    const count = words[base + bin] as number;
    if (count !== 0) bins.push(bin, count);
  }
  return bins;
}

/** One histogram with the counts of both. */
export function addBins(a: Bins, b: Bins): number[] {
  const sum: number[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const left = a[i] ?? Number.POSITIVE_INFINITY;
    const right = b[j] ?? Number.POSITIVE_INFINITY;
    const bin = Math.min(left, right);
    const count = (left === bin ? (a[i + 1] as number) : 0) + (right === bin ? (b[j + 1] as number) : 0);
    sum.push(bin, count);
    if (left === bin) i += 2;
    if (right === bin) j += 2;
  }
  return sum;
}
