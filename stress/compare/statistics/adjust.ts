// SPDX-License-Identifier: GPL-2.0-only
/** Many tests at once: who asks sixty questions gets some wrong answers by chance. */

/**
 * p-values as Benjamini and Hochberg adjust them: of the figures whose adjusted p is below alpha, a share of alpha at
 * most is there by chance, on average.
 *
 *   adjusted p of rank i = least of p(j) x n / j over all ranks j >= i
 */
export function benjaminiHochberg(p: readonly number[]): number[] {
  const order = p.map((_, i) => i).sort((i, j) => (p[j] as number) - (p[i] as number));
  const adjusted = p.map(() => 1);
  let least = 1;
  order.forEach((i, k) => {
    least = Math.min(least, ((p[i] as number) * p.length) / (p.length - k));
    adjusted[i] = least;
  });
  return adjusted;
}
