// SPDX-License-Identifier: GPL-2.0-only
/** What a sweep says: the same workload at several widths, and how it scales. */
import type { Distribution, Environment, Lock } from '../result/run_result.ts';

export const SWEEP_SCHEMA_VERSION = 1;

export interface SweepPoint {
  /** Threads that carry the load. */
  readonly threads: number;
  /** Name of the run's folder, inside the sweep's. */
  readonly folder: string;
  /** One for each round, events/s. */
  readonly samples: readonly number[];
  /** median of the samples */
  readonly eventsPerSecond: number;
  /** half the distance between the quartiles, events/s */
  readonly spread: number;
  readonly locks: readonly Lock[];
  /** By system call. */
  readonly latency: Readonly<Record<string, Distribution>>;
}

/** Universal Scalability Law: C(n) = lambda n / (1 + sigma (n - 1) + kappa n (n - 1)). */
export interface UslFit {
  /** events/s of one thread */
  readonly lambda: number;
  /** contention: the share of the work that goes one after the other */
  readonly sigma: number;
  /** coherence: what each pair of threads costs */
  readonly kappa: number;
  /** share of the variance that the fit explains, at most 1 */
  readonly r2: number;
  /** Width at which throughput is greatest, sqrt((1 - sigma) / kappa); null if it grows for ever. */
  readonly peakThreads: number | null;
}

export interface Sweep {
  readonly schemaVersion: number;
  /** ISO 8601, UTC */
  readonly startedAt: string;
  readonly interrupted: boolean;
  /** Arguments that run this again, as they are typed behind `npm run stress --`. */
  readonly again: string;
  readonly environment: Environment;
  readonly points: readonly SweepPoint[];
  /** null with fewer than three widths */
  readonly fit: UslFit | null;
}
