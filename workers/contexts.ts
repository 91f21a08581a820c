// SPDX-License-Identifier: GPL-2.0-only
/** The contexts that all threads share. */
import { errname } from '../src/uapi/errno.ts';
import { deliverAll } from './delivery.ts';
import type { User } from './user.ts';

/** Makes a shared context and enters it. @context has the slot's lock */
export function setupShared(user: User, slot: number): void {
  const { prng, plan, ledger } = user;
  const { nrEventsMin, nrEventsMax, userReapedPercent, contexts } = plan.workload;
  const asked = prng.between(nrEventsMin, nrEventsMax);
  const ctx = user.setup(asked);
  if (ctx < 0) {
    user.count(`setup ${errname(ctx)}`);
    return;
  }
  // With contexts coming and going an address is soon another context's, so all must be read in the same way.
  const share = plan.roles.includes('destroyer') ? (userReapedPercent >= 50 ? 100 : 0) : userReapedPercent;
  const userReaped = (slot * 100) / contexts < share;
  ledger.publish(slot, ctx, userReaped, user.kernel.ring_field(ctx, 'nr'));
}

/** Makes the shared contexts. A destroyer may have been quicker, or be about to make one. */
export function openContexts(user: User): void {
  const { ledger, plan } = user;
  for (let slot = 0; slot < plan.workload.contexts; slot++) {
    if (!ledger.tryLock(slot)) continue;
    if (!ledger.alive(slot)) setupShared(user, slot);
    ledger.unlock(slot);
  }
}

/** Reads what there is in the shared contexts. @returns events */
export function readAll(user: User): number {
  const { ledger, plan } = user;
  let got = 0;
  for (let slot = 0; slot < plan.workload.contexts; slot++) {
    if (!ledger.alive(slot)) continue;
    const n = user.getevents(ledger.handle(slot), 0, 64, 0);
    if (n <= 0) continue;
    deliverAll(user, n);
    got += n;
  }
  return got;
}

/** Destroys the shared contexts. */
export function closeContexts(user: User): void {
  const { ledger, plan } = user;
  for (let slot = 0; slot < plan.workload.contexts; slot++) if (ledger.alive(slot)) user.destroy(ledger.retire(slot));
}
