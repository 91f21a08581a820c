// SPDX-License-Identifier: GPL-2.0-only
/**
 * A program that keeps a context, and asks again and again for another one that does not fit beside it, with quota for
 * one context of each thread. io_setup() has to refuse it, and nobody else may notice: the case of d55b5fdaf408.
 */
import { EAGAIN } from '../src/uapi/errno.ts';
import { OWNERS } from './protocol.ts';
import type { User } from './user.ts';

/** Asks for a context that a thread has quota for. @returns the handle, or -errno: -EAGAIN is none that it may get */
export function setupWithinQuota(user: User, nrEvents: number): number {
  const ctx = user.setup(nrEvents);
  if (ctx !== -EAGAIN) return ctx;
  user.finding('quota:spurious-eagain', 'io_setup() says -EAGAIN although there is room', [
    `io_setup(${nrEvents}) = -EAGAIN; each thread owns one context at most, and there is quota for all`,
  ]);
  user.pause(2000);
  return ctx;
}

/** How often a turn asks for too much; once where turns are counted. */
const ASKS = 16;

export function overdraw(user: User): void {
  const { roles, workload } = user.plan;
  // What a context costs does not grow before it is asked for four events of each CPU.
  const share = Math.max(workload.nrEventsMin, 4 * roles.length);
  const threads = roles.filter((role) => OWNERS.includes(role)).length;
  const kept = setupWithinQuota(user, share);
  if (kept < 0) return;
  for (let asks = workload.turns > 0 ? 1 : ASKS; asks > 0 && user.running(); asks--) {
    const tooMuch = user.setup((threads - 1) * share + 1);
    if (tooMuch >= 0) {
      user.finding('quota:excess', 'io_setup() lets in more than aio_max_nr', [
        `${share} and ${(threads - 1) * share + 1} of ${threads * share} events`,
      ]);
      user.destroy(tooMuch);
    }
    user.rest();
  }
  user.destroy(kept);
}
