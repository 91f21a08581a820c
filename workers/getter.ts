// SPDX-License-Identifier: GPL-2.0-only
/**
 * Getters: threads in io_getevents().
 *
 *   default         several on one context, with and without timeouts
 *   scribble_head   each on a ring of its own, whose head it scribbles over (see head_scribbler.ts)
 */
import { EINTR, EINVAL, errname } from '../src/uapi/errno.ts';
import { deliverAll } from './delivery.ts';
import { scribbleHead } from './head_scribbler.ts';
import type { User } from './user.ts';

/** Gets events of one context. */
function get(user: User): void {
  const { ledger, prng, plan } = user;
  const slot = prng.below(plan.workload.contexts);
  const seq = ledger.enter(slot);
  if (seq === 0 || ledger.userReaped(slot)) {
    if (seq !== 0) ledger.leave(slot);
    user.awaitContext();
    return;
  }
  const ctx = ledger.handle(slot);
  const nr = prng.between(1, 16);
  const min = prng.oneIn(4) ? 0 : prng.between(1, Math.min(nr, 4));
  // Without a timeout a signal ends it, when the round stops.
  const timeoutUs = prng.oneIn(8) ? -1 : prng.below(5000);
  ledger.noteWait(user.cpu, timeoutUs < 0 ? ctx : 0, min);
  const ret = user.getevents(ctx, min, nr, timeoutUs);
  ledger.noteWait(user.cpu, 0, 0);
  if (ret > 0) deliverAll(user, ret);
  else if (ret === 0) user.count('getevents timeout');
  else user.count(`getevents ${errname(ret)}`);
  const same = ledger.seq(slot) === seq;
  ledger.leave(slot);
  if (ret < 0 && ret !== -EINTR && same) {
    user.finding('context:dead-handle', 'io_getevents() does not know a context that is alive', [
      `io_getevents(0x${ctx.toString(16)}) = ${errname(ret)}`,
    ]);
    user.pause(2000);
  } else if (ret === -EINVAL) {
    user.count('woken by destroy');
  }
}

/** The role. Ends with the round. */
export function getter(user: User): void {
  if (user.plan.workload.programs.getter === 'scribble_head') {
    user.turns(scribbleHead);
    return;
  }
  user.begin();
  user.turns(get);
}
