// SPDX-License-Identifier: GPL-2.0-only
/** The statistics against known values, and by simulation: how often they err on a machine that others use. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Prng } from '../../../src/arch/sab/prng.ts';
import { ALPHA, BLOCKS } from '../criteria.ts';
import { type Machine, normal, wandering } from '../runs.test-data.ts';
import { benjaminiHochberg } from './adjust.ts';
import { fitCases, fitTwins, type Sample } from './fit.ts';
import { blockMeans, noiseOf } from './noise.ts';
import { exceededBy, incompleteBeta, upperTail } from './student.ts';
import { meanOf, percentileOf } from './times.ts';

describe("Student's t", () => {
  test.each([
    [0, 5, 0.5],
    [1, 1, 0.25],
    [1, 2, 0.2113248654],
    [2.228139, 10, 0.025],
    [-2.228139, 10, 0.975],
    [2.976843, 14, 0.005],
    [1.644854, 1e7, 0.05],
  ])('P(T > %f) with %i degrees of freedom', (t, df, p) => {
    expect(upperTail(t, df)).toBeCloseTo(p, 6);
  });

  test('far out', () => {
    // df = 2 has a closed form: (1 - t / sqrt(t² + 2)) / 2
    expect(upperTail(1000, 2) / 4.99999250001e-7).toBeCloseTo(1, 6);
    expect(upperTail(20, 14)).toBeLessThan(1e-11);
    expect(upperTail(20, 14)).toBeGreaterThan(0);
  });

  test('quantiles are the inverse', () => {
    expect(exceededBy(0.025, 10)).toBeCloseTo(2.228139, 5);
    fc.assert(
      fc.property(
        fc.double({ min: 1e-4, max: 0.5, noNaN: true }),
        fc.double({ min: 1, max: 60, noNaN: true }),
        (p, df) => {
          expect(upperTail(exceededBy(p, df), df)).toBeCloseTo(p, 7);
        },
      ),
    );
  });

  test('the incomplete beta function', () => {
    expect(incompleteBeta(0.5, 2, 3)).toBeCloseTo(0.6875, 12);
    expect(incompleteBeta(0.3, 1, 1)).toBeCloseTo(0.3, 12);
    expect(incompleteBeta(0.9, 5, 2) + incompleteBeta(0.1, 2, 5)).toBeCloseTo(1, 12);
    expect([incompleteBeta(0, 2, 2), incompleteBeta(1, 2, 2)]).toEqual([0, 1]);
  });
});

describe('Benjamini and Hochberg', () => {
  test('by hand', () => {
    expect(benjaminiHochberg([0.01, 0.04, 0.03, 0.005])).toEqual([0.02, 0.04, 0.04, 0.02]);
    expect(benjaminiHochberg([0.9, 0.8])).toEqual([0.9, 0.9]);
    expect(benjaminiHochberg([0.2])).toEqual([0.2]);
    expect(benjaminiHochberg([])).toEqual([]);
  });

  test('keeps the order, and never makes a p smaller or more than 1', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (p) => {
        const adjusted = benjaminiHochberg(p);
        p.forEach((one, i) => {
          expect(adjusted[i]!).toBeGreaterThan(one - 1e-12);
          expect(adjusted[i]!).toBeLessThanOrEqual(1);
          p.forEach((other, j) => {
            if (one < other) expect(adjusted[i]!).toBeLessThanOrEqual(adjusted[j]! + 1e-12);
          });
        });
      }),
    );
  });
});

test('times of a few bins', () => {
  const bins = [10, 5, 20, 4, 100, 1];
  expect(meanOf(bins)).toBe(23);
  expect([0, 0.5, 0.51, 0.9, 0.91, 1].map((share) => percentileOf(bins, share))).toEqual([10, 10, 20, 20, 100, 100]);
});

const samples = (name: string, values: readonly number[]): Sample[] =>
  values.map((value, nth) => ({ case: name, nth, value }));

describe('the ratio', () => {
  test('of one case is the ratio of the geometric means', () => {
    const found = fitCases(samples('x', [2, 8]), samples('x', [1, 9, 9]))!;
    expect(found.a).toBeCloseTo(4, 12);
    expect(found.b).toBeCloseTo(81 ** (1 / 3), 12);
    expect(Math.exp(found.logRatio)).toBeCloseTo(found.b / found.a, 12);
  });

  test('of equal cases is 1, however many rounds each has', () => {
    const a = [...samples('slow', [100, 100, 100, 100]), ...samples('fast', [1])];
    const b = [...samples('slow', [100]), ...samples('fast', [1, 1, 1, 1])];
    const found = fitCases(a, b)!;
    expect(found.logRatio).toBeCloseTo(0, 12);
    expect(found.a).toBeCloseTo(found.b, 9);
    for (const rest of found.series.flat()) expect(rest).toBeCloseTo(0, 12);
  });

  test('compares each case with itself', () => {
    const a = [...samples('x', [1, 1]), ...samples('y', [50, 50])];
    const b = [...samples('x', [2, 2]), ...samples('y', [200, 200])];
    // the geometric mean of 2 and 4
    expect(Math.exp(fitCases(a, b)!.logRatio)).toBeCloseTo(Math.sqrt(8), 12);
  });

  test('leaves out what only one run has', () => {
    const found = fitCases([...samples('x', [1]), ...samples('only', [7])], samples('x', [3]))!;
    expect([found.cases, found.rounds, Math.exp(found.logRatio)]).toEqual([1, { a: 1, b: 1 }, expect.closeTo(3, 9)]);
    expect(fitCases(samples('x', [1]), samples('y', [1]))).toBeNull();
  });

  test('what is left over is 0 on average in A, and the ratio in B', () => {
    const some = fc.array(
      fc.record({
        case: fc.constantFrom('x', 'y', 'z'),
        nth: fc.nat(9),
        value: fc.double({ min: 0.1, max: 99, noNaN: true }),
      }),
      {
        minLength: 3,
      },
    );
    fc.assert(
      fc.property(some, some, (a, b) => {
        const found = fitCases(a, b);
        fc.pre(found !== null);
        const mean = (list: readonly number[]): number => list.reduce((sum, x) => sum + x, 0) / list.length;
        const [restA = [], restB = []] = found!.series;
        expect(mean(restA)).toBeCloseTo(0, 9);
        expect(mean(restB)).toBeCloseTo(found!.logRatio, 9);
      }),
    );
  });
});

describe('the ratio of twins', () => {
  test('is that of the rounds that both runs have', () => {
    const a = [...samples('x', [1, 10, 100]), ...samples('y', [7])];
    const b = [...samples('x', [2, 20]), ...samples('y', [14, 99])];
    const found = fitTwins(a, b)!;
    expect([found.cases, found.rounds]).toEqual([2, { a: 3, b: 3 }]);
    expect(Math.exp(found.logRatio)).toBeCloseTo(2, 12);
    expect(found.b / found.a).toBeCloseTo(2, 12);
    expect(fitTwins(samples('x', [1]), samples('y', [1]))).toBeNull();
  });

  test('finds what rounds of many sizes would hide', () => {
    const prng = new Prng(5);
    const sizes = Array.from({ length: 32 }, () => Math.exp(3 * normal(prng)));
    const jittered = (ratio: number): Sample[] =>
      samples(
        'x',
        sizes.map((size) => size * ratio * Math.exp(0.05 * normal(prng))),
      );
    const [a, b] = [jittered(1), jittered(1.3)];
    expect(noiseOf(fitTwins(a, b)!, Math.log(1.05))).toMatchObject({ drift: false, p: expect.closeTo(0, 4) });
    expect(noiseOf(fitCases(a, b)!, Math.log(1.05)).p).toBeGreaterThan(0.2);
  });
});

test('blocks take every round once, in order', () => {
  expect(blockMeans([1, 2, 3, 4, 5, 6, 7, 8], 4)).toEqual([1.5, 3.5, 5.5, 7.5]);
  expect(blockMeans([1, 2, 3, 4, 5], 2)).toEqual([2, 4.5]);
  expect(
    blockMeans(
      Array.from({ length: 8 }, (_, i) => i),
      BLOCKS,
    ),
  ).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

describe('the noise', () => {
  const constant = (value: number, n = 16): Sample[] =>
    samples(
      'x',
      Array.from({ length: n }, () => value),
    );

  test('of figures without any', () => {
    const same = noiseOf(fitCases(constant(5), constant(5))!, 0.05);
    expect(same).toMatchObject({ p: 1, low: 0, high: 0 });
    const twice = noiseOf(fitCases(constant(5), constant(10))!, 0.05);
    expect(twice).toMatchObject({ p: 0, drift: false });
  });

  test('a difference below the smallest of interest is none, however sure', () => {
    const jitter = (value: number): Sample[] =>
      samples(
        'x',
        Array.from({ length: 64 }, (_, i) => value * (1 + (i % 2) / 1000)),
      );
    const found = fitCases(jitter(100), jitter(103))!;
    expect(noiseOf(found, Math.log(1.05)).p).toBeGreaterThan(0.99);
    expect(noiseOf(found, Math.log(1.01)).p).toBeLessThan(0.001);
  });

  test('a run that gets slower all the time is drift, and so is the next one', () => {
    const ramp = (from: number): Sample[] =>
      samples(
        'x',
        Array.from({ length: 40 }, (_, i) => Math.exp((from + i) / 100)),
      );
    const { p, drift } = noiseOf(fitCases(ramp(0), ramp(40))!, 0.05);
    expect(p).toBeLessThan(ALPHA);
    expect(drift).toBe(true);
    expect(noiseOf(fitCases(ramp(0), ramp(200))!, 0.05).drift).toBe(false);
  });
});

/** Rounds of three cases in turn. @param ratio - by which the figure is greater */
function series(machine: Machine, rounds: number, prng: Prng, ratio = 1): Sample[] {
  return wandering(machine, rounds, prng).map((speed, i) => ({
    case: ['x', 'y', 'z'][i % 3] ?? '',
    nth: Math.floor(i / 3),
    value: ((i % 3) * 40 + 10) * ratio * Math.exp(speed + machine.noise * normal(prng)),
  }));
}

/** Share of simulated pairs of runs that are called different. */
function claims(
  machine: Machine,
  rounds: number,
  ratio: number,
  seed: number,
  alpha = ALPHA,
  smallest = Math.log(1.05),
) {
  const prng = new Prng(seed);
  const pairs = 400;
  let [blocks, naive] = [0, 0];
  for (let i = 0; i < pairs; i++) {
    const found = fitCases(series(machine, rounds, prng), series(machine, rounds, prng, ratio))!;
    const { p, drift } = noiseOf(found, smallest);
    if (p < alpha && !drift) blocks += 1;
    // each round for itself, as if rounds were independent
    const squares = (rest: readonly number[], mean: number): number =>
      rest.reduce((sum, x) => sum + (x - mean) ** 2, 0);
    const [restA = [], restB = []] = found.series;
    const error = Math.sqrt((squares(restA, 0) + squares(restB, found.logRatio)) / (rounds * (rounds - 1)));
    if (2 * upperTail(Math.abs(found.logRatio) / error, 2 * rounds - 2) < alpha) naive += 1;
  }
  return { blocks: blocks / pairs, naive: naive / pairs };
}

describe('simulated pairs of runs', () => {
  const quiet: Machine = { memory: 0, wander: 0, noise: 0.2 };
  /** Slow for some 5 rounds at a time, by 15 %. */
  const shared: Machine = { memory: 0.8, wander: 0.15, noise: 0.1 };

  test('equal runs on a quiet machine: as rarely different as alpha says', () => {
    // at most: one of interest is more than just any difference
    expect(claims(quiet, 24, 1, 11, 0.05, 0).blocks).toBeLessThan(0.08);
    expect(claims(quiet, 24, 1, 12, 0.05, 0).naive).toBeLessThan(0.1);
    expect(claims(quiet, 24, 1, 13).blocks).toBeLessThan(0.02);
  });

  test('equal runs on a shared machine: rarely different, though rounds taken for themselves would say so', () => {
    const { blocks, naive } = claims(shared, 48, 1, 21);
    expect(blocks).toBeLessThan(0.05);
    expect(naive).toBeGreaterThan(0.15);
    expect(claims(shared, 200, 1, 22).blocks).toBeLessThan(0.03);
  });

  test('equal runs of twins are as rarely different', () => {
    const prng = new Prng(51);
    let claimed = 0;
    for (let i = 0; i < 400; i++) {
      const found = fitTwins(series(shared, 48, prng), series(shared, 48, prng))!;
      const { p, drift } = noiseOf(found, Math.log(1.05));
      if (p < ALPHA && !drift) claimed += 1;
    }
    expect(claimed / 400).toBeLessThan(0.05);
  });

  test('a doubling is found', () => {
    expect(claims(quiet, 24, 2, 31).blocks).toBeGreaterThan(0.95);
    expect(claims(shared, 24, 2, 32).blocks).toBeGreaterThan(0.9);
    expect(claims(shared, 48, 0.5, 33).blocks).toBeGreaterThan(0.95);
    // even where many figures are asked, of which it alone moved
    expect(claims(shared, 48, 2, 34, ALPHA / 60).blocks).toBeGreaterThan(0.8);
  });

  test('a fifth is found in a longer run', () => {
    expect(claims(quiet, 200, 1.2, 41).blocks).toBeGreaterThan(0.9);
  });
});
