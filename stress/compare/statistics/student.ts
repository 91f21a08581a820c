// SPDX-License-Identifier: GPL-2.0-only
/**
 * Student's t distribution, from the incomplete beta function:
 *
 *   P(T > t) = I(x; df/2, 1/2) / 2   with x = df / (df + t²)   for t >= 0
 */
import { bisect, gammaln } from 'simple-statistics';

const EPSILON = 1e-14;
const TERMS_MAX = 300;
/** What stands for 0 in a denominator. */
const TINY = 1e-300;

const notZero = (x: number): number => (Math.abs(x) < TINY ? TINY : x);

/** The continued fraction of the incomplete beta function, by Lentz's method. */
function betaFraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / notZero(1 - ((a + b) * x) / (a + 1));
  let value = d;
  for (let m = 1; m <= TERMS_MAX; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / notZero(1 + even * d);
    c = notZero(1 + even / c);
    value *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / notZero(1 + odd * d);
    c = notZero(1 + odd / c);
    value *= d * c;
    if (Math.abs(d * c - 1) < EPSILON) break;
  }
  return value;
}

/** I(x; a, b), the regularised incomplete beta function. @param x - 0 to 1 */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(gammaln(a + b) - gammaln(a) - gammaln(b) + a * Math.log(x) + b * Math.log1p(-x));
  // the fraction converges fast on this side only
  return x < (a + 1) / (a + b + 2) ? (front * betaFraction(x, a, b)) / a : 1 - (front * betaFraction(1 - x, b, a)) / b;
}

/** P(T > t). @param df - degrees of freedom, more than 0 */
export function upperTail(t: number, df: number): number {
  const beyond = incompleteBeta(df / (df + t * t), df / 2, 0.5) / 2;
  return t >= 0 ? beyond : 1 - beyond;
}

/** The t that is exceeded with probability `p`. @param p - more than 0, at most 0.5 */
export function exceededBy(p: number, df: number): number {
  let high = 1;
  while (upperTail(high, df) > p) high *= 2;
  return bisect((t) => upperTail(t, df) - p, 0, high, 200, 1e-10);
}
