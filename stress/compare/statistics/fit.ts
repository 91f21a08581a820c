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
 *
 * Two runs of the same seed do the same in the n-th round of a case: then each round is compared with its twin, and how
 * rounds differ from each other is no noise.
 */
import { mean } from 'simple-statistics';

/** A figure in one round. */
export interface Sample {
  readonly case: string;
  /** The round was the case's n-th. */
  readonly nth: number;
  /** more than 0 */
  readonly value: number;
}

export interface Fit {
  /** Geometric mean of each run, the cases weighted alike in both. */
  readonly a: number;
  readonly b: number;
  readonly logRatio: number;
  readonly cases: number;
  /** Rounds that were compared. */
  readonly rounds: { readonly a: number; readonly b: number };
  /** What noise is to be looked for in, in order of time: logarithms less their level, of A and of B; or of B / A. */
  readonly series: readonly (readonly number[])[];
  /** By how much the noise of the series is too small, since the levels were taken from them: a factor of variances. */
  readonly levels: number;
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

/** Compares the rounds of each case with those of the same case. @returns null if no case has samples of both */
export function fitCases(a: readonly Sample[], b: readonly Sample[]): Fit | null {
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
  const series = [rest(a), rest(b)] as const;
  const rounds = { a: series[0].length, b: series[1].length };
  const all = rounds.a + rounds.b;
  return {
    ...{ a: Math.exp(meanA), b: Math.exp(meanB), logRatio, cases: cases.length, rounds, series },
    levels: (all - 2) / Math.max(1, all - cases.length - 1),
  };
}

/** Compares each round with its twin. @returns null if there are no twins */
export function fitTwins(a: readonly Sample[], b: readonly Sample[]): Fit | null {
  const key = ({ case: name, nth }: Sample): string => `${name} ${nth}`;
  const inB = new Map(b.map((sample) => [key(sample), sample]));
  const twins = a.flatMap((one) => {
    const other = inB.get(key(one));
    return other === undefined ? [] : [{ case: one.case, a: Math.log(one.value), b: Math.log(other.value) }];
  });
  if (twins.length === 0) return null;
  const [meanA, meanB] = [mean(twins.map((twin) => twin.a)), mean(twins.map((twin) => twin.b))];
  return {
    a: Math.exp(meanA),
    b: Math.exp(meanB),
    logRatio: meanB - meanA,
    cases: new Set(twins.map((twin) => twin.case)).size,
    rounds: { a: twins.length, b: twins.length },
    series: [twins.map((twin) => twin.b - twin.a)],
    levels: 1,
  };
}
