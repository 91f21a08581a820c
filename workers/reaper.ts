// SPDX-License-Identifier: GPL-2.0-only
/**
 * Reapers: threads that read events from the mapped ring and advance its head, without a system call.
 *
 * A ring has one consumer at a time, so a reaper holds the context's user-space lock; it also keeps the destroyer away.
 */
import { SegmentationFault } from '../src/user/event.ts';
import { reapRing } from './delivery.ts';
import type { User } from './user.ts';

/** Reads some events from one context. */
function reap(user: User): void {
  const { ledger, prng, plan } = user;
  const slot = prng.below(plan.workload.contexts);
  if (!ledger.alive(slot) || !ledger.userReaped(slot) || !ledger.tryLock(slot)) {
    user.pause(100);
    return;
  }
  let got = 0;
  try {
    if (ledger.alive(slot)) got = reapRing(user, ledger.handle(slot), prng.between(1, 32));
  } catch (error) {
    if (!(error instanceof SegmentationFault)) throw error;
    user.finding('context:dead-handle', 'the ring of a live context is not mapped', [error.message]);
  } finally {
    ledger.unlock(slot);
  }
  if (got > 0) user.count('reaped by user');
  else user.pause(100);
}

/** The role. Ends with the round. */
export const reaper = (user: User): void => user.turns(reap);
