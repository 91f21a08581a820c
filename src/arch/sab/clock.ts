// SPDX-License-Identifier: GPL-2.0-only
/** Time: the one file that reads the real clock. */
import { performance } from 'node:perf_hooks';

export const NSEC_PER_MSEC = 1_000_000;

let virtual: (() => number) | null = null;
let virtual_kernel: (() => number) | null = null;

/**
 * Makes this thread's clocks read `now`, ns; null lets them read real time again.
 * @param kernel - what the kernel's clock reads, where it is to be told from the one by which durations are measured
 */
export function setVirtualClock(now: (() => number) | null, kernel = now): void {
  virtual = now;
  virtual_kernel = kernel;
}

/** Real monotonic time, ns, whatever the clocks are made to read. For the operator's own patience. */
export const wall_clock = (): number => performance.now() * NSEC_PER_MSEC;

/** Monotonic time since 1970, ns: the same origin in every thread, to about a microsecond. About 45 ns a call. */
export const ktime_get = (): number =>
  virtual_kernel === null ? (performance.timeOrigin + performance.now()) * NSEC_PER_MSEC : virtual_kernel();

/** Monotonic time of this thread, ns. For differences taken in one thread. */
export const sched_clock = (): number => (virtual === null ? performance.now() * NSEC_PER_MSEC : virtual());
