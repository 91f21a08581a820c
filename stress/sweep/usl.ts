// SPDX-License-Identifier: GPL-2.0-only
/**
 * Gunther's Universal Scalability Law, fitted to throughput at several widths:
 *
 *   C(n) = lambda n / (1 + sigma (n - 1) + kappa n (n - 1)),   0 <= sigma <= 1,   kappa >= 0
 *
 * The time that an event takes is linear in three coefficients, and the law's bounds say that none is negative:
 *
 *   n / C(n) = a + b n + c n (n - 1),   lambda = 1 / (a + b),   sigma = lambda b,   kappa = lambda c
 *
 * With so few columns, non-negative least squares is to try each set of coefficients that are not zero.
 */
import type { UslFit } from './sweep_result.ts';

/** What is known of a width. */
export interface Measured {
  readonly threads: number;
  /** median, events/s */
  readonly eventsPerSecond: number;
  /** half the distance between the quartiles, events/s */
  readonly spread: number;
}

/** As many parameters as the law has: fewer widths determine nothing. */
const WIDTHS_MIN = 3;
/** A median of few samples is not known better than this share of itself, whatever its spread. */
const SPREAD_MIN = 0.01;
/** By how much of all squares a coefficient more must better a fit. */
const BETTER = 1e-10;

type Coefficients = readonly [a: number, b: number, c: number];
const columns = (n: number): Coefficients => [1, n, n * (n - 1)];
/** The sets of coefficients that may be other than zero, plainest first. */
const SETS: readonly (readonly number[])[] = [[0], [1], [0, 1], [0, 2], [1, 2], [0, 1, 2]];

interface Row {
  readonly columns: Coefficients;
  /** seconds for each event of a thread */
  readonly y: number;
  readonly weight: number;
}

/** Solves a small symmetric system by Gaussian elimination; what is singular gives what is not finite. */
function solve(matrix: number[][], right: number[]): number[] {
  const size = right.length;
  for (let i = 0; i < size; i++) {
    const pivot = matrix[i] as number[];
    for (let j = i + 1; j < size; j++) {
      const row = matrix[j] as number[];
      const by = (row[i] as number) / (pivot[i] as number);
      for (let k = i; k < size; k++) row[k] = (row[k] as number) - by * (pivot[k] as number);
      right[j] = (right[j] as number) - by * (right[i] as number);
    }
  }
  const found = new Array<number>(size).fill(0);
  for (let i = size - 1; i >= 0; i--) {
    const row = matrix[i] as number[];
    let left = right[i] as number;
    for (let j = i + 1; j < size; j++) left -= (row[j] as number) * (found[j] as number);
    found[i] = left / (row[i] as number);
  }
  return found;
}

/** Weighted least squares with the coefficients of `set`, the others zero. */
function fitSet(rows: readonly Row[], set: readonly number[]): Coefficients {
  const product = (f: (row: Row) => number): number => rows.reduce((sum, row) => sum + row.weight * f(row), 0);
  const found = solve(
    set.map((i) => set.map((j) => product((row) => (row.columns[i] as number) * (row.columns[j] as number)))),
    set.map((i) => product((row) => (row.columns[i] as number) * row.y)),
  );
  const [a = 0, b = 0, c = 0] = [0, 1, 2].map((i) => (set.includes(i) ? found[set.indexOf(i)] : 0));
  return [a, b, c];
}

const at = ([a, b, c]: Coefficients, [one, n, pairs]: Coefficients): number => a * one + b * n + c * pairs;

function nonNegativeLeastSquares(rows: readonly Row[]): Coefficients {
  const squares = (of: (row: Row) => number): number => rows.reduce((sum, row) => sum + row.weight * of(row) ** 2, 0);
  const all = squares(({ y }) => y);
  let best: Coefficients = [0, 0, 0];
  let least = Number.POSITIVE_INFINITY;
  for (const set of SETS) {
    const fit = fitSet(rows, set);
    if (!fit.every((coefficient) => coefficient >= 0)) continue;
    const left = squares((row) => row.y - at(fit, row.columns));
    if (left >= least - BETTER * all) continue;
    least = left;
    best = fit;
  }
  return best;
}

/** Share of the variance of the medians that the fit explains. */
function explained(points: readonly Measured[], fit: Coefficients): number {
  const mean = points.reduce((sum, point) => sum + point.eventsPerSecond, 0) / points.length;
  const squares = (of: (point: Measured) => number): number =>
    points.reduce((sum, point) => sum + (point.eventsPerSecond - of(point)) ** 2, 0);
  const left = squares(({ threads }) => threads / at(fit, columns(threads)));
  const all = squares(() => mean);
  // Equal medians have no variance to explain.
  if (all <= 1e-12 * mean ** 2) return left <= 1e-9 * mean ** 2 ? 1 : 0;
  return 1 - left / all;
}

/** @returns null where fewer than three widths were measured, or nothing happened at the narrowest */
export function fitUsl(points: readonly Measured[]): UslFit | null {
  const measured = points.filter((point) => point.eventsPerSecond > 0);
  if (measured.length < WIDTHS_MIN) return null;
  const rows = measured.map(({ threads, eventsPerSecond, spread }): Row => {
    const y = threads / eventsPerSecond;
    const share = Math.max(spread / eventsPerSecond, SPREAD_MIN);
    return { columns: columns(threads), y, weight: 1 / (y * share) ** 2 };
  });
  const fit = nonNegativeLeastSquares(rows);
  const [a, b, c] = fit;
  const lambda = 1 / (a + b);
  const sigma = lambda * b;
  const kappa = lambda * c;
  return {
    lambda,
    sigma,
    kappa,
    r2: explained(measured, fit),
    peakThreads: kappa > 0 ? Math.max(1, Math.sqrt((1 - sigma) / kappa)) : null,
  };
}
