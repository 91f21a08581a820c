// SPDX-License-Identifier: GPL-2.0-only
/** A thread that submits a batch to a shared context and reads as many events from it, its own or others'. */
import { errname } from '../src/uapi/errno.ts';
import { FD_INLINE } from './layout.ts';
import { ownerOf } from './ledger.ts';
import type { User } from './user.ts';

/** One turn. What is in the ring stays below a batch for each thread: whoever adds some takes as many. */
export function submitAndReap(user: User): void {
  const { ledger, prng, plan } = user;
  const { batch, contexts } = plan.workload;
  const slot = prng.below(contexts);
  const seq = ledger.enter(slot);
  if (seq === 0) {
    user.pause(200);
    return;
  }
  const ctx = ledger.handle(slot);
  let prepared = 0;
  while (prepared < batch && user.prepare(FD_INLINE, ownerOf(slot, seq), ctx) >= 0) prepared++;
  if (prepared > 0) {
    const ret = user.submit(ctx);
    if (ret < 0) user.count(`submit ${errname(ret)}`);
  } else {
    user.count('books full');
  }
  const got = user.getevents(ctx, 0, batch, 0);
  if (got > 0) user.deliverAll(got);
  else if (got < 0) user.count(`getevents ${errname(got)}`);
  ledger.leave(slot);
}
