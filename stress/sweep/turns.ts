// SPDX-License-Identifier: GPL-2.0-only
/** Which width is run when: a machine that gets warm, or busy, must not look like one that scales badly. */
import { UsageError } from '../cli/usage_error.ts';

export interface Turn {
  readonly threads: number;
  /** from 1 */
  readonly pass: number;
}

export interface Turns {
  readonly turns: readonly Turn[];
  readonly passes: number;
  /** time of each run */
  readonly runMs: number;
}

/** Shortest run that has rounds besides those in which V8 compiles. */
const RUN_MIN_MS = 1000;
/** With runs as long as this there are two more passes instead of longer runs, up to so many. */
const RUN_LONG_MS = 60_000;
const PAIRS_MAX = 3;

/**
 * Passes through all widths, up and down in turn, so that what drifts steadily hits each width alike.
 * @throws UsageError if the time is too short
 */
export function planTurns(widths: readonly number[], durationMs: number): Turns {
  const least = 2 * widths.length * RUN_MIN_MS;
  if (durationMs < least) {
    throw new UsageError(
      'bad-value',
      `--sweep over ${widths.length} widths takes at least ${least / 1000} s, each of them is run twice, ` +
        `not ${durationMs / 1000} s; type --duration ${least / 1000}s or more`,
    );
  }
  const pairs = Math.min(PAIRS_MAX, Math.max(1, Math.floor(durationMs / (2 * widths.length * RUN_LONG_MS))));
  const passes = 2 * pairs;
  const turns = Array.from({ length: passes }, (_, i) =>
    (i % 2 === 0 ? [...widths] : [...widths].reverse()).map((threads) => ({ threads, pass: i + 1 })),
  ).flat();
  return { turns, passes, runMs: Math.floor(durationMs / turns.length) };
}
