// SPDX-License-Identifier: GPL-2.0-only
/**
 * Destroyers: threads that end contexts while others use them, or while their own requests are in flight.
 *
 *   default            destroys a shared context and makes it anew
 *   destroy_together   destroys what the others destroy, too; the case of fb2d44838320
 *   destroy_and_free   submits reads, destroys the context, frees the buffers; the case of e02ba72aabfa
 *   scribble           submits slow reads, scribbles over the ring, destroys; the case of e34ecee2ae79
 *   quota              makes and destroys a context in a loop with quota for no other; the cases of 4fcc712f5c48 and
 *                      d55b5fdaf408
 *   process_exit       a process of its own, which ends with requests in flight; the case of 6098b45b32e6
 *   guess              destroys contexts whose handles it guesses (see guesser.ts); the case of 86b62a2cb4fc
 *   open_and_close     opens a file and closes it, while others submit to it; the case of 0b944d3a4bba
 *   hostile            see hostile.ts
 */
import { objectRef } from '../src/kernel/object_ref.ts';
import { errname } from '../src/uapi/errno.ts';
import { setupShared } from './contexts.ts';
import { destroyGuessed } from './guesser.ts';
import { hostile } from './hostile.ts';
import type { Kernel } from './kernel.ts';
import { FD_DEVICE } from './layout.ts';
import { ownerOf } from './ledger.ts';
import { setupWithinQuota } from './overdraw.ts';
import type { User } from './user.ts';

const hex = (n: number): string => `0x${(n >>> 0).toString(16)}`;

/** Whether a device has requests of a context that it has not done, as far as user space can tell. */
function anyInFlight(user: User, owner: number, ctx: number): boolean {
  const { ledger, kernel } = user;
  const undone = ledger.inFlight(owner).length;
  if (kernel.tellsDone) return undone > 0;
  // What is in the ring has been done, too.
  const unread = kernel.ring_field(ctx, 'tail') - kernel.ring_field(ctx, 'head');
  return undone > (unread < 0 ? unread + kernel.ring_field(ctx, 'nr') : unread);
}

/** A context has been destroyed: counts it, and says what is wrong if the device has not done all its requests. */
function checkInFlight(user: User, owner: number, ctx: number, wereInFlight: boolean): void {
  if (wereInFlight) user.count('destroyed with requests in flight');
  if (!user.kernel.tellsDone) return;
  const left = user.ledger.inFlight(owner);
  if (left.length === 0) return;
  const entry = left[0] as number;
  user.finding(
    'destroy:requests-in-flight',
    'io_destroy() returned 0 with requests in flight',
    [
      `io_destroy(${hex(ctx)}) = 0, ${left.length} accepted requests not done, such as ` +
        `iocb ${hex(user.ledger.obj(entry))}`,
    ],
    [objectRef('ring', ctx), objectRef('iocb', user.ledger.obj(entry))],
  );
}

/**
 * Destroys. The kernel counts the grace periods that its caller waits out himself: a white box, since no call alone
 * proves by its time that it waited for one too many. That is for the contrast of both builds' times to say.
 */
function destroy(user: User, ctx: number): number {
  const { kernel } = user;
  const waited = kernel.gracePeriodsWaited?.() ?? 0;
  const ret = user.destroy(ctx);
  const more = (kernel.gracePeriodsWaited?.() ?? 0) - waited;
  if (more !== 0) {
    user.finding('white-box:grace-period-in-syscall', 'io_destroy() waited out a grace period on the caller’s time', [
      `${more} synchronize_rcu()`,
    ]);
  }
  return ret;
}

/** Destroys a shared context under its users, and makes it anew. */
function churn(user: User): void {
  const { ledger, prng, plan } = user;
  const slot = prng.below(plan.workload.contexts);
  if (!ledger.tryLock(slot)) {
    user.pause(200);
    return;
  }
  if (ledger.alive(slot)) {
    const owner = ownerOf(slot, ledger.seq(slot));
    const ctx = ledger.retire(slot);
    const inFlight = anyInFlight(user, owner, ctx);
    const ret = destroy(user, ctx);
    if (ret !== 0) {
      user.finding('destroy:wrong-answer', 'io_destroy() does not know a context that is alive', [
        `io_destroy(${hex(ctx)}) = ${errname(ret)}`,
      ]);
    } else {
      checkInFlight(user, owner, ctx, inFlight);
    }
    // Who still uses the handle must leave before it can mean something else.
    while (ledger.users(slot) > 0 && user.running()) user.pause(200);
    if (ledger.users(slot) === 0) ledger.bury(owner);
  }
  if (user.running() && ledger.users(slot) === 0) setupShared(user, slot);
  ledger.unlock(slot);
}

/** Makes the first shared context anew, with reads in flight before others learn of it. @context has the slot's lock */
function setupWithReads(user: User): void {
  const { ledger, prng, plan, kernel, batch } = user;
  const { nrEventsMin, batch: most } = plan.workload;
  const before = ledger.seq(0);
  ledger.bury(ownerOf(0, before - 1));
  const ctx = user.setup(nrEventsMin);
  if (ctx < 0) return;
  if (batch.fill(prng.between(1, most), ownerOf(0, before + 1), ctx, FD_DEVICE) > 0) batch.submit(ctx);
  ledger.publish(0, ctx, false, kernel.ring_field(ctx, 'nr'));
}

/**
 * Destroys the first shared context, as all others do at the same time. One call may return 0, when all requests are
 * done. There is one context at a time, or its handle could mean another one by then.
 */
function destroyTogether(user: User): void {
  const { ledger } = user;
  user.begin();
  const seq = ledger.enter(0);
  if (seq === 0) {
    if (!ledger.tryLock(0)) return;
    if (!ledger.alive(0) && ledger.users(0) === 0) setupWithReads(user);
    ledger.unlock(0);
    return;
  }
  const ctx = ledger.handle(0);
  const owner = ownerOf(0, seq);
  const inFlight = ledger.inFlight(owner).length > 0;
  if (destroy(user, ctx) === 0) {
    checkInFlight(user, owner, ctx, inFlight);
    while (!ledger.tryLock(0)) user.pause(10);
    if (ledger.seq(0) === seq) ledger.retire(0);
    else {
      const title = 'io_destroy() of one context returned 0 twice';
      user.finding('destroy:wrong-answer', title, [`handle ${hex(ctx)}`], [objectRef('ring', ctx)]);
    }
    ledger.unlock(0);
  }
  ledger.leave(0);
}

/** Submits, destroys, frees the buffers: nobody may write them afterwards. */
function destroyAndFree(user: User): void {
  const { prng, plan, ledger, batch, freed, self } = user;
  const ctx = user.setupDrawn();
  if (ctx < 0) return;
  const accepted = batch.submitReads(ctx, prng.between(1, plan.workload.batch), freed);
  if (prng.oneIn(4)) user.pause(plan.workload.delayMaxUs);
  const inFlight = anyInFlight(user, self, ctx);
  if (destroy(user, ctx) === 0) {
    checkInFlight(user, self, ctx, inFlight);
    for (let i = 0; i < accepted; i++) freed.free(ledger.buffer(batch.entry(i)));
  }
  ledger.bury(self);
  freed.check();
}

/** Submits slow reads, scribbles, destroys: the kernel may not believe the ring. */
function scribbleAndDestroy(user: User): void {
  const { prng, plan, kernel, self } = user;
  const ctx = user.setupDrawn();
  if (ctx < 0) return;
  const nr = kernel.ring_field(ctx, 'nr');
  user.batch.submitReads(ctx, prng.between(1, plan.workload.batch));
  const inFlight = anyInFlight(user, self, ctx);
  for (let i = prng.between(1, 3); i > 0; i--) {
    kernel.scribble(ctx, 'head', prng.oneIn(4) ? prng.next() : prng.below(nr));
    kernel.scribble(ctx, 'tail', prng.oneIn(4) ? prng.next() : prng.below(nr));
  }
  user.count('scribbled');
  if (destroy(user, ctx) === 0) checkInFlight(user, self, ctx, inFlight);
  user.ledger.bury(self);
}

/** One context at a time, and quota for one context each: io_setup() never has a reason to say -EAGAIN. */
function quotaLoop(user: User): void {
  const { prng, plan } = user;
  const ctx = setupWithinQuota(user, plan.workload.nrEventsMin);
  if (ctx < 0) return;
  user.batch.submitReads(ctx, prng.below(plan.workload.batch + 1));
  destroy(user, ctx);
  user.ledger.bury(user.self);
}

const PROGRAMS: Readonly<Record<string, (user: User) => void>> = {
  default: churn,
  destroy_together: destroyTogether,
  destroy_and_free: destroyAndFree,
  scribble: scribbleAndDestroy,
  quota: quotaLoop,
  guess: destroyGuessed,
  hostile,
};

/** The role. Ends with the round. @param more - programs that need more of a kernel than Kernel has */
export function destroyer<K extends Kernel>(
  user: User<K>,
  more: Readonly<Record<string, (user: User<K>) => void>> = {},
): void {
  const program = user.plan.workload.programs.destroyer ?? 'default';
  user.turns(more[program] ?? PROGRAMS[program] ?? churn, true);
  user.freed.settle();
}
