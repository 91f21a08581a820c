// SPDX-License-Identifier: GPL-2.0-only
/** Every time has a bin that holds it and is no wider than 1.6 %; histograms add up. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addBins, binOf, countTime, HISTOGRAM_BINS, highOf, lowOf, readBins } from './histogram.ts';
import { createWords } from './words.ts';

/** Of all sizes alike, up to two minutes; with fractions, as the clock gives them. */
const time = fc
  .tuple(fc.integer({ min: 0, max: 36 }), fc.double({ min: 1, max: 2, maxExcluded: true, noNaN: true }))
  .map(([power, mantissa]) => 2 ** power * mantissa);
const times = fc.array(time, { maxLength: 200 });
const LONGEST = 2 ** 37;

function binsOf(values: readonly number[]): number[] {
  const words = createWords(HISTOGRAM_BINS + 7);
  for (const value of values) countTime(words, 7, value);
  return readBins(words, 7);
}
const total = (bins: readonly number[]): number => bins.reduce((sum, n, i) => (i % 2 === 1 ? sum + n : sum), 0);

describe('a bin', () => {
  it('holds its times', () => {
    fc.assert(
      fc.property(time, (ns) => {
        const bin = binOf(ns);
        expect(lowOf(bin)).toBeLessThanOrEqual(ns);
        expect(highOf(bin) + 1).toBeGreaterThan(ns);
      }),
    );
  });
  it('is exact below 128 ns, and no wider than 1.6 % above', () => {
    for (let bin = 0; bin < HISTOGRAM_BINS; bin++) {
      const width = highOf(bin) - lowOf(bin) + 1;
      expect(width).toBeLessThanOrEqual(Math.max(1, lowOf(bin) / 64));
      expect(binOf(lowOf(bin))).toBe(bin);
      expect(binOf(highOf(bin))).toBe(bin);
    }
  });
  it('is never behind that of a longer time', () => {
    fc.assert(fc.property(time, time, (a, b) => binOf(Math.min(a, b)) <= binOf(Math.max(a, b))));
  });
  it('is the first for a time below zero, and the last for what is longer than any', () => {
    expect(binOf(-5)).toBe(0);
    expect([binOf(LONGEST), binOf(1e15)]).toEqual([HISTOGRAM_BINS - 1, HISTOGRAM_BINS - 1]);
  });
});

describe('a histogram', () => {
  it('counts every time once, and keeps to its words', () => {
    fc.assert(
      fc.property(times, (values) => {
        expect(total(binsOf(values))).toBe(values.length);
      }),
    );
    const words = createWords(HISTOGRAM_BINS + 2);
    countTime(words, 1, 0);
    countTime(words, 1, 1e15);
    expect([words[0], words[HISTOGRAM_BINS + 1]]).toEqual([0, 0]);
    expect(readBins(words, 1)).toEqual([0, 1, HISTOGRAM_BINS - 1, 1]);
  });
  it('of two sets of times is the sum of both', () => {
    fc.assert(
      fc.property(times, times, (a, b) => {
        expect(addBins(binsOf(a), binsOf(b))).toEqual(binsOf([...a, ...b]));
      }),
    );
  });
});
