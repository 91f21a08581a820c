// SPDX-License-Identifier: GPL-2.0-only
/** The fit finds what the data were made of, on its bounds as well. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Prng } from '../../src/arch/sab/prng.ts';
import { fitUsl, type Measured } from './usl.ts';

const WIDTHS = [1, 2, 4, 8, 16, 32];

function measured(of: (n: number) => number, noise = 0, widths = WIDTHS): Measured[] {
  const prng = new Prng(7);
  return widths.map((threads) => {
    const eventsPerSecond = of(threads) * (1 + (noise * (prng.below(2001) - 1000)) / 1000);
    return { threads, eventsPerSecond, spread: noise * eventsPerSecond };
  });
}
const law = (lambda: number, sigma: number, kappa: number) => (n: number) =>
  (lambda * n) / (1 + sigma * (n - 1) + kappa * n * (n - 1));

test('finds the parameters that exact data were made with', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 10, max: 1e7, noNaN: true }),
      fc.double({ min: 0, max: 0.95, noNaN: true }),
      fc.double({ min: 0, max: 0.2, noNaN: true }),
      (lambda, sigma, kappa) => {
        const fit = fitUsl(measured(law(lambda, sigma, kappa)));
        expect(fit?.lambda).toBeGreaterThan(0.98 * lambda);
        expect(fit?.lambda).toBeLessThan(1.02 * lambda);
        expect(fit?.sigma).toBeCloseTo(sigma, 1);
        expect(fit?.kappa).toBeCloseTo(kappa, 2);
      },
    ),
    { numRuns: 60 },
  );
});

test('finds them in noise of 3 %', () => {
  const fit = fitUsl(measured(law(600_000, 0.12, 0.004), 0.03));
  expect(fit?.lambda).toBeCloseTo(600_000, -5);
  expect(fit?.sigma).toBeCloseTo(0.12, 1);
  expect(fit?.kappa).toBeCloseTo(0.004, 2);
  expect(fit?.r2).toBeGreaterThan(0.97);
  expect(fit?.peakThreads).toBeGreaterThan(10);
  expect(fit?.peakThreads).toBeLessThan(22);
});

describe('on its bounds', () => {
  test('linear data have no contention, no coherence and no peak', () => {
    const fit = fitUsl(measured((n) => 1000 * n));
    expect(fit).toMatchObject({ sigma: 0, kappa: 0, peakThreads: null });
    expect(fit?.lambda).toBeCloseTo(1000, 3);
    expect(fit?.r2).toBeCloseTo(1, 9);
  });

  test('data that grow faster than that do not make sigma negative', () => {
    const fit = fitUsl(measured((n) => 1000 * n ** 1.2));
    expect(fit).toMatchObject({ sigma: 0, kappa: 0 });
  });

  test('flat data are all contention', () => {
    const fit = fitUsl(measured(() => 5000));
    expect(fit).toMatchObject({ sigma: 1, kappa: 0, peakThreads: null, r2: 1 });
    expect(fit?.lambda).toBeCloseTo(5000, 2);
  });

  test('without coherence the optimum of sigma is found, not where a step was cut off', () => {
    // Amdahl's law, and a little more throughput at the end than it allows.
    const fit = fitUsl(measured((n) => law(1000, 0.3, 0)(n) * (n === 32 ? 1.02 : 1)));
    expect(fit?.kappa).toBe(0);
    expect(fit?.sigma).toBeGreaterThan(0.28);
    expect(fit?.sigma).toBeLessThan(0.31);
  });
});

test('retrograde data have a peak inside of what was measured', () => {
  const fit = fitUsl(measured(law(680_000, 0.25, 0.05)));
  expect(fit?.peakThreads).toBeCloseTo(Math.sqrt(0.75 / 0.05), 1);
});

test('what falls from the first thread on peaks at 1, not below', () => {
  expect(fitUsl(measured((n) => 600_000 / n))?.peakThreads).toBe(1);
});

test('a width that varies much counts for little', () => {
  const points = measured(law(1000, 0.1, 0)).map((point) =>
    point.threads === 8 ? { ...point, eventsPerSecond: 500, spread: 5000 } : point,
  );
  expect(fitUsl(points)?.sigma).toBeCloseTo(0.1, 2);
});

test('fewer than three widths are not fitted, whatever else is there', () => {
  expect(fitUsl([])).toBeNull();
  expect(fitUsl(measured(law(1000, 0.1, 0), 0, [1, 2]))).toBeNull();
  expect(fitUsl(measured((n) => (n === 4 ? 0 : 1000), 0, [1, 2, 4]))).toBeNull();
  expect(fitUsl(measured(law(1000, 0.1, 0), 0, [2, 4, 8]))).not.toBeNull();
});
