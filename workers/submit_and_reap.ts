// SPDX-License-Identifier: GPL-2.0-only
/** Threads that submit a batch to a shared context and read as many events from it, their own or others'. */
import { errname } from '../src/uapi/errno.ts';
import { deliverAll } from './delivery.ts';
import { drawOpened } from './files.ts';
import { FD_DEVICE, FD_INLINE } from './layout.ts';
import { ownerOf } from './ledger.ts';
import type { User } from './user.ts';

/** Submits a batch of reads of one file. @returns how many were accepted */
function submitBatch(user: User, fd: number, owner: number, ctx: number): number {
  if (user.batch.fill(user.plan.workload.batch, owner, ctx, fd) === 0) {
    user.count('books full');
    return 0;
  }
  const ret = user.batch.submit(ctx);
  if (ret < 0) user.count(`submit ${errname(ret)}`);
  return Math.max(0, ret);
}

/** Reads at least `min` events, whenever they come, and at most `most`. */
function readEvents(user: User, ctx: number, min: number, most: number): void {
  user.ledger.noteWait(user.cpu, ctx, min);
  const got = user.getevents(ctx, min, most, min === 0 ? 0 : -1);
  user.ledger.noteWait(user.cpu, 0, 0);
  if (got > 0) deliverAll(user, got);
  else if (got < 0) user.count(`getevents ${errname(got)}`);
}

/** Uses a shared context for one turn of `f`. */
function withContext(user: User, f: (owner: number, ctx: number) => void): void {
  const { ledger, prng, plan } = user;
  const slot = prng.below(plan.workload.contexts);
  const seq = ledger.enter(slot);
  if (seq === 0) {
    user.pause(200);
    return;
  }
  f(ownerOf(slot, seq), ledger.handle(slot));
  ledger.leave(slot);
}

/** One turn. What is in the ring stays below a batch for each thread: whoever adds some takes as many. */
export function submitAndReap(user: User): void {
  withContext(user, (owner, ctx) => {
    submitBatch(user, FD_INLINE, owner, ctx);
    readEvents(user, ctx, 0, user.plan.workload.batch);
  });
}

function submitAndWaitFor(user: User, fd: number): void {
  withContext(user, (owner, ctx) => {
    const accepted = submitBatch(user, fd, owner, ctx);
    if (accepted > 0) readEvents(user, ctx, accepted, accepted);
  });
}

/** One turn. Whoever waits in io_getevents() reads as soon as the device is done, whatever happens to the ring. */
export const submitAndWait = (user: User): void => submitAndWaitFor(user, FD_DEVICE);

/** The same on a file that another thread is about to close, or has closed. */
export const submitToClosing = (user: User): void => submitAndWaitFor(user, drawOpened(user));
