// SPDX-License-Identifier: GPL-2.0-only
/**
 * Submitters: threads of a program that ask for I/O.
 *
 *   default           batches to the contexts that all threads share
 *   overcommit        a context of its own, filled until it is full, then emptied, as the program that found
 *                     d856f32a86b2 does
 *   submit_and_reap   a batch to a shared context, and as many events from it (see submit_and_reap.ts)
 *   submit_and_wait   the same from a device, for whose completions it waits
 *   submit_to_closing the same, on files that are being closed (see files.ts)
 *   setup_untold      contexts whose handles cannot be stored (see guesser.ts)
 *   overdraw          keeps a context, and asks for another one for which there is never room (see overdraw.ts)
 *   hostile           system calls with whatever arguments (see hostile.ts)
 */
import { objectRef } from '../src/kernel/object_ref.ts';
import { EAGAIN, EINVAL, errname } from '../src/uapi/errno.ts';
import { deliverAll, reapRing } from './delivery.ts';
import { hostile } from './hostile.ts';
import type { Kernel } from './kernel.ts';
import { BATCH_MAX, FD_DEVICE } from './layout.ts';
import { ownerOf } from './ledger.ts';
import { overdraw } from './overdraw.ts';
import { submitAndReap, submitAndWait, submitToClosing } from './submit_and_reap.ts';
import type { User } from './user.ts';

/** Submits one batch to a shared context. */
function submitBatch(user: User): void {
  const { ledger, prng, plan } = user;
  const slot = prng.below(plan.workload.contexts);
  const seq = ledger.enter(slot);
  if (seq === 0) {
    user.awaitContext();
    return;
  }
  const ctx = ledger.handle(slot);
  const wanted = prng.between(1, plan.workload.batch);
  let prepared = 0;
  while (prepared < wanted) {
    const fd = user.batch.drawFile();
    // Writes go to the device only, which forgets them: the RAM disk must stay as it was.
    if (!user.batch.prepare(fd, ownerOf(slot, seq), ctx, 0, fd === FD_DEVICE && prng.oneIn(8))) break;
    prepared++;
  }
  if (prepared === 0) {
    ledger.leave(slot);
    user.count('books full');
    user.pause(500);
    return;
  }
  const ret = user.batch.submit(ctx);
  const same = ledger.seq(slot) === seq;
  if (!same) user.batch.markRaced(Math.max(0, ret));
  ledger.leave(slot);
  if (ret === -EAGAIN) {
    user.count('submit -EAGAIN');
    user.pause(300);
  } else if (ret < 0) {
    user.count(`submit ${errname(ret)}`);
    if (ret === -EINVAL && same) {
      user.finding('context:dead-handle', 'io_submit() does not know a context that is alive', [
        `io_submit(0x${ctx.toString(16)}) = ${errname(ret)}`,
      ]);
      user.pause(2000);
    }
  }
}

/** Reads what there is in a context of this thread's own. @returns events read */
function drain(user: User, ctx: number, userReaped: boolean, max: number): number {
  if (userReaped) return reapRing(user, ctx, max);
  let got = 0;
  while (got < max) {
    const n = user.getevents(ctx, 0, Math.min(BATCH_MAX, max - got), 0);
    if (n <= 0) break;
    deliverAll(user, n);
    got += n;
  }
  return got;
}

/**
 * Fills a context of its own until io_submit() refuses, then reads some or all, and so on. More may never be in
 * flight and unread together than the ring has room for, and with fewer than was asked for there must be room.
 */
function overcommit(user: User): void {
  const { prng, plan, self } = user;
  const asked = prng.between(plan.workload.nrEventsMin, plan.workload.nrEventsMax);
  const ctx = user.setup(asked);
  if (ctx < 0) {
    user.pause(1000);
    return;
  }
  const userReaped = prng.below(100) < plan.workload.userReapedPercent;
  const capacity = user.kernel.ring_field(ctx, 'nr') - 1;
  // Where turns are counted, one more than the ring holds is enough.
  const target = plan.workload.turns > 0 ? capacity + 1 : capacity * prng.between(2, 4);
  let accepted = 0;
  let read = 0;
  let refused = 0;
  while (user.running() && accepted < target) {
    const prepared = user.batch.fill(plan.workload.batch, self, ctx);
    const ret = prepared === 0 ? -EAGAIN : user.batch.submit(ctx);
    if (ret > 0) {
      accepted += ret;
      refused = 0;
      if (accepted - read > capacity) {
        user.finding('slot:excess', 'more requests were let in than the ring has slots', [
          `${accepted} accepted, ${read} read, ${capacity} slots`,
        ]);
        break;
      }
    } else if (prepared > 0) {
      user.count(`submit ${errname(ret)}`);
      refused++;
      if (refused >= 2 && ret === -EAGAIN && accepted - read < asked) {
        user.finding('submit:spurious-eagain', 'io_submit() has no room, with fewer in use than were asked for', [
          `asked for ${asked}, ${accepted} accepted, ${read} read`,
        ]);
        break;
      }
      read += drain(user, ctx, userReaped, prng.oneIn(3) ? capacity : prng.between(1, 16));
      user.count('full');
    } else {
      read += drain(user, ctx, userReaped, capacity);
    }
    user.rest();
  }
  // Everything that was accepted must come. What has been completed before a look is there when one looks.
  while (read < accepted) {
    const all = !user.ledger.anyUncompleted(self);
    const n = drain(user, ctx, userReaped, capacity);
    read += n;
    if (n > 0) continue;
    if (all) {
      user.finding(
        'event:lost',
        'a request was done and its event never came',
        [`${accepted} accepted, ${read} read, none in flight, the ring is empty`],
        [objectRef('ring', ctx)],
      );
    }
    if (all || !user.running()) break;
    user.pause(2000);
  }
  user.destroy(ctx);
  user.ledger.bury(self);
}

const PROGRAMS: Readonly<Record<string, (user: User) => void>> = {
  default: submitBatch,
  overcommit,
  submit_and_reap: submitAndReap,
  submit_and_wait: submitAndWait,
  submit_to_closing: submitToClosing,
  overdraw,
  hostile,
};

/** The role. Ends with the round. @param more - programs that need more of a kernel than Kernel has */
export function submitter<K extends Kernel>(
  user: User<K>,
  more: Readonly<Record<string, (user: User<K>) => void>> = {},
): void {
  const program = user.plan.workload.programs.submitter ?? 'default';
  if (program === 'default') user.begin();
  // The ring may be gone between two looks.
  user.turns(more[program] ?? PROGRAMS[program] ?? submitBatch, true);
}
