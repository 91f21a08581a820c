// SPDX-License-Identifier: GPL-2.0-only
/** Cancellers: threads that cancel requests which wait on the pending device. The event comes all the same. */
import { EINPROGRESS, errname } from '../src/uapi/errno.ts';
import { ACCEPTED, DONE, PENDING, PRIVATE_SLOT, seqOf, slotOf } from './ledger.ts';
import type { User } from './user.ts';

/** Cancels one request that is in flight, chosen at random. @returns whether there was one */
export function cancelOne(user: User): boolean {
  const { ledger, prng } = user;
  const start = prng.below(ledger.entries);
  for (let i = 0; i < ledger.entries; i++) {
    const entry = (start + i) % ledger.entries;
    if ((ledger.state(entry) & (PENDING | ACCEPTED | DONE)) !== (PENDING | ACCEPTED)) continue;
    const owner = ledger.owner(entry);
    const slot = slotOf(owner);
    if (slot === PRIVATE_SLOT || !ledger.enter(slot)) continue;
    const ctx = ledger.handle(slot);
    const ret = ledger.seq(slot) === seqOf(owner) ? user.cancel(ctx, ledger.obj(entry)) : 0;
    ledger.leave(slot);
    user.count(ret === -EINPROGRESS ? 'cancelled' : `cancel ${errname(ret)}`);
    return true;
  }
  return false;
}

/** The role. Ends with the round. */
export function canceller(user: User): void {
  while (user.running()) {
    if (!cancelOne(user)) user.pause(1000);
    user.rest();
  }
}
