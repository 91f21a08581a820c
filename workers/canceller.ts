// SPDX-License-Identifier: GPL-2.0-only
/** Cancellers: threads that cancel requests which wait on the pending device. The event comes all the same. */
import { EINPROGRESS, errname } from '../src/uapi/errno.ts';
import { ACCEPTED, DONE, PENDING, PRIVATE_SLOT, seqOf, slotOf } from './ledger.ts';
import type { User } from './user.ts';

/**
 * Cancels a request, if it waits on the pending device in a shared context. @returns what io_cancel() said; 0 if it
 * was not asked
 */
function cancel(user: User, entry: number): number {
  const { ledger } = user;
  if ((ledger.state(entry) & (PENDING | ACCEPTED | DONE)) !== (PENDING | ACCEPTED)) return 0;
  const owner = ledger.owner(entry);
  const slot = slotOf(owner);
  const seq = slot === PRIVATE_SLOT ? 0 : ledger.enter(slot);
  if (seq === 0) return 0;
  const ret = seq === seqOf(owner) ? user.cancel(ledger.handle(slot), ledger.obj(entry)) : 0;
  ledger.leave(slot);
  if (ret !== 0) user.count(ret === -EINPROGRESS ? 'cancelled' : `cancel ${errname(ret)}`);
  return ret;
}

/** Tries to cancel every request that waits. @returns how many it has cancelled */
export function cancelAll(user: User): number {
  let cancelled = 0;
  for (let entry = 0; entry < user.ledger.entries; entry++) if (cancel(user, entry) === -EINPROGRESS) cancelled++;
  return cancelled;
}

/** Tries to cancel one request, chosen at random. */
function cancelOne(user: User): void {
  const { ledger, prng } = user;
  const start = prng.below(ledger.entries);
  for (let i = 0; i < ledger.entries; i++) if (cancel(user, (start + i) % ledger.entries) !== 0) return;
  user.pause(1000);
}

/** The role. Ends with the round. */
export const canceller = (user: User): void => user.turns(cancelOne);
