// SPDX-License-Identifier: GPL-2.0-only
/**
 * Gunther's Universal Scalability Law, fitted to throughput at several widths:
 *
 *   C(n) = lambda n / (1 + sigma (n - 1) + kappa n (n - 1)),   0 <= sigma <= 1,   kappa >= 0
 *
 * Levenberg-Marquardt knows no bounds but to cut a step off, and then stops beside the optimum wherever a bound holds.
 * The optimum lies inside of all bounds, or on some of them and inside of the others: so each set of bounds is fitted
 * on its own, with those parameters fixed, and the best of them is taken, the plainest where several are as good.
 */
import { levenbergMarquardt } from 'ml-levenberg-marquardt';
import type { UslFit } from './result.ts';

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
/** What a parameter that is not fixed begins with. */
const STARTS: readonly (readonly [sigma: number, kappa: number])[] = [
  [0.01, 0.0001],
  [0.2, 0.005],
  [0.7, 0.05],
];

interface Parameters {
  readonly lambda: number;
  readonly sigma: number;
  readonly kappa: number;
}

const throughput = ({ lambda, sigma, kappa }: Parameters, n: number): number =>
  (lambda * n) / (1 + sigma * (n - 1) + kappa * n * (n - 1));

/** By which bounds a fit goes: the values of what is fixed; plainest first. */
const FACES: readonly Partial<Parameters>[] = [
  { sigma: 0, kappa: 0 },
  { sigma: 1, kappa: 0 },
  { kappa: 0 },
  { sigma: 0 },
  { sigma: 1 },
  {},
];

interface Candidate {
  readonly parameters: Parameters;
  /** weighted sum of squares */
  readonly error: number;
}

/**
 * The best fit with some parameters fixed. Residuals are in units of each width's spread: the library's own weights
 * enter its error and its steps in opposite senses.
 * @param points - in units of `lambda` = 1 or so
 */
function fitFace(points: readonly Measured[], face: Partial<Parameters>): Candidate {
  const whole = ([lambda = 0, ...others]: readonly number[]): Parameters => {
    const rest = [...others];
    return { lambda, sigma: face.sigma ?? rest.shift() ?? 0, kappa: face.kappa ?? rest.shift() ?? 0 };
  };
  /** Of what is not fixed. */
  const free = (sigma: number, kappa: number): number[] => [
    ...(face.sigma === undefined ? [sigma] : []),
    ...(face.kappa === undefined ? [kappa] : []),
  ];
  const known = points.map(({ spread, eventsPerSecond }) => Math.max(spread, SPREAD_MIN * eventsPerSecond));
  const inSpreads = (parameters: number[]) => (i: number) =>
    throughput(whole(parameters), (points[i] as Measured).threads) / (known[i] as number);
  const partials = (parameters: number[]) => (i: number) => {
    const p = whole(parameters);
    const n = (points[i] as Measured).threads;
    const c = inSpreads(parameters)(i);
    const below = 1 + p.sigma * (n - 1) + p.kappa * n * (n - 1);
    return [c / p.lambda, ...free((-c * (n - 1)) / below, (-c * n * (n - 1)) / below)];
  };
  const fits = STARTS.map(([sigma, kappa]) =>
    levenbergMarquardt(
      { x: points.map((_, i) => i), y: points.map((point, i) => point.eventsPerSecond / (known[i] as number)) },
      inSpreads,
      {
        initialValues: [1, ...free(sigma, kappa)],
        minValues: [1e-9, ...free(0, 0)],
        maxValues: [1e9, ...free(1, 1e6)],
        jacobianFunction: partials,
        maxIterations: 300,
        errorTolerance: 1e-12,
      },
    ),
  );
  const best = fits.reduce((a, b) => (b.parameterError < a.parameterError ? b : a));
  return { parameters: whole(best.parameterValues), error: best.parameterError };
}

/** Share of the variance of the medians that the fit explains. */
function explained(points: readonly Measured[], parameters: Parameters): number {
  const mean = points.reduce((sum, point) => sum + point.eventsPerSecond, 0) / points.length;
  const squares = (of: (point: Measured) => number): number =>
    points.reduce((sum, point) => sum + (point.eventsPerSecond - of(point)) ** 2, 0);
  const left = squares(({ threads }) => throughput(parameters, threads));
  const all = squares(() => mean);
  // Equal medians have no variance to explain.
  if (all <= 1e-12 * mean ** 2) return left <= 1e-9 * mean ** 2 ? 1 : 0;
  return 1 - left / all;
}

/** @returns null where fewer than three widths were measured, or nothing happened at the narrowest */
export function fitUsl(points: readonly Measured[]): UslFit | null {
  const measured = points.filter((point) => point.eventsPerSecond > 0);
  const [first] = measured;
  if (first === undefined || measured.length < WIDTHS_MIN) return null;
  const unit = first.eventsPerSecond / first.threads;
  const scaled = measured.map(({ threads, eventsPerSecond, spread }) => ({
    threads,
    eventsPerSecond: eventsPerSecond / unit,
    spread: spread / unit,
  }));
  const best = FACES.map((face) => fitFace(scaled, face)).reduce((a, b) => (b.error < a.error * (1 - 1e-6) ? b : a));
  const { lambda, sigma, kappa } = best.parameters;
  return {
    lambda: lambda * unit,
    sigma,
    kappa,
    r2: explained(scaled, best.parameters),
    peakThreads: kappa > 0 ? Math.max(1, Math.sqrt((1 - sigma) / kappa)) : null,
  };
}
