// SPDX-License-Identifier: GPL-2.0-only
/** The Universal Scalability Law, as stress/sweep/sweep_result.ts states it. */
import type { UslFit } from './sweep_result.ts';

/** Throughput at a width, in the unit of lambda. */
export const throughputOf = ({ lambda, sigma, kappa }: UslFit, n: number): number =>
  (lambda * n) / (1 + sigma * (n - 1) + kappa * n * (n - 1));
