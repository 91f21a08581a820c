// SPDX-License-Identifier: GPL-2.0-only
/**
 * One figure in two runs: what it is in each, like compared with like.
 *
 * A case (a scenario on a build) has figures of its own, and two runs do not have the same number of rounds of each. So
 * every case gets a level of its own, and run B another one for all cases: least squares of
 *
 *   log(value) = level of the case + (log ratio, in run B) + noise
 *
 * whose solution is the mean over the cases of log B - log A, weighted by nA nB / (nA + nB).
 */

/** A figure in one round. */
export interface Sample {
  readonly case: string;
  /** more than 0 */
  readonly value: number;
}

export interface Fit {
  /** Geometric mean of each run, the cases weighted alike in both. */
  readonly a: number;
  readonly b: number;
  readonly logRatio: number;
  readonly cases: number;
  /** Logarithms less their case's level, in order of time; those of A are 0 on average, those of B the log ratio. */
  readonly restA: readonly number[];
  readonly restB: readonly number[];
}

interface Sums {
  n: number;
  sum: number;
}

function sumsByCase(samples: readonly Sample[]): Map<string, Sums> {
  const sums = new Map<string, Sums>();
  for (const { case: name, value } of samples) {
    const of = sums.get(name) ?? { n: 0, sum: 0 };
    of.n += 1;
    of.sum += Math.log(value);
    sums.set(name, of);
  }
  return sums;
}

/** @returns null if no case has samples of both */
export function fitRatio(a: readonly Sample[], b: readonly Sample[]): Fit | null {
  const ofB = sumsByCase(b);
  const cases = [...sumsByCase(a)].flatMap(([name, inA]) => {
    const inB = ofB.get(name);
    return inB === undefined ? [] : [{ name, inA, inB, weight: (inA.n * inB.n) / (inA.n + inB.n) }];
  });
  if (cases.length === 0) return null;
  const weights = cases.reduce((sum, { weight }) => sum + weight, 0);
  const meanA = cases.reduce((sum, { weight, inA }) => sum + (weight * inA.sum) / inA.n, 0) / weights;
  const meanB = cases.reduce((sum, { weight, inB }) => sum + (weight * inB.sum) / inB.n, 0) / weights;
  const logRatio = meanB - meanA;
  const levels = new Map(
    cases.map(({ name, inA, inB }) => [name, (inA.sum + inB.sum - inB.n * logRatio) / (inA.n + inB.n)]),
  );
  const rest = (samples: readonly Sample[]): number[] =>
    samples.flatMap(({ case: name, value }) => {
      const level = levels.get(name);
      return level === undefined ? [] : [Math.log(value) - level];
    });
  return {
    a: Math.exp(meanA),
    b: Math.exp(meanB),
    logRatio,
    cases: cases.length,
    restA: rest(a),
    restB: rest(b),
  };
}
