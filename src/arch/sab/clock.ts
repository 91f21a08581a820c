// SPDX-License-Identifier: GPL-2.0-only
/** Time: the one file that reads the real clock. */
import { performance } from 'node:perf_hooks';

export const NSEC_PER_MSEC = 1_000_000;

/** Monotonic time since 1970, ns: the same origin in every thread, to about a microsecond. About 45 ns a call. */
export const ktime_get = (): number => (performance.timeOrigin + performance.now()) * NSEC_PER_MSEC;

/** Monotonic time of this thread, ns. For differences taken in one thread. */
export const sched_clock = (): number => performance.now() * NSEC_PER_MSEC;
