// SPDX-License-Identifier: GPL-2.0-only
/** The leader: the one thread of user space that begins and ends a round. */
import { stir } from '../src/arch/sab/control.ts';
import { isQuiet } from '../src/arch/sab/park.ts';
import { nullb_drain } from '../src/drivers/null_blk.ts';
import { ramdisk, ramdisk_destroy } from '../src/drivers/ramdisk.ts';
import { kernel_enter, kernel_exit } from '../src/kernel/sched/core.ts';
import { become, exitContexts, reap, settleKernel } from '../src/user/process.ts';
import { cancelAll } from './canceller.ts';
import { setupShared } from './destroyer.ts';
import { ACCEPTED, DELIVERED, DONE, RACED, SETTLED } from './ledger.ts';
import type { User } from './user.ts';

/** Makes the shared contexts. */
export function openContexts(user: User): void {
  for (let slot = 0; slot < user.plan.workload.contexts; slot++) setupShared(user, slot);
}

/** Whether any accepted request has not been done, or has not been delivered although its context is there. */
function unsettled(user: User): boolean {
  const { ledger } = user;
  for (let entry = 0; entry < ledger.entries; entry++) {
    const state = ledger.state(entry);
    if ((state & (ACCEPTED | RACED | SETTLED)) !== ACCEPTED) continue;
    if ((state & (DONE | DELIVERED)) !== (DONE | DELIVERED)) return true;
  }
  return false;
}

/** Reads what there is in the shared contexts. @returns events */
function readAll(user: User): number {
  const { ledger, plan } = user;
  let got = 0;
  for (let slot = 0; slot < plan.workload.contexts; slot++) {
    if (!ledger.alive(slot)) continue;
    const n = user.getevents(ledger.handle(slot), 0, 64, 0);
    if (n <= 0) continue;
    user.deliverAll(n);
    got += n;
  }
  return got;
}

/**
 * Reads what is left in the shared contexts, and cancels what would wait for ever, until every request has given its
 * event, or until nothing happens any more: then what is missing will never come.
 */
export function settle(user: User): void {
  for (;;) {
    // Asked first, so that there is a last look after it.
    const quiet = isQuiet();
    if (cancelAll(user) + readAll(user) > 0) stir();
    else if (quiet || !unsettled(user)) return;
    else user.pause(4000);
  }
}

function drainDevice(): void {
  kernel_enter();
  nullb_drain();
  kernel_exit();
}

/** Frees the RAM disk, which nobody has open any more. */
function removeDisk(disk: number): void {
  kernel_enter();
  ramdisk_destroy(ramdisk.at(disk));
  kernel_exit();
}

/** Ends the process and waits until the kernel has freed all that it had. */
export function tearDown(user: User): void {
  const { ledger, plan } = user;
  if (plan.workload.programs.submitter !== 'hostile') {
    for (let slot = 0; slot < plan.workload.contexts; slot++) if (ledger.alive(slot)) user.destroy(ledger.retire(slot));
  }
  exitContexts(plan.process);
  // Where a fix is missing, requests may outlive their context: kworkers are needed until the last has ended.
  drainDevice();
  settleKernel();
  become({ mm: 0, files: 0, base: 0 });
  reap(plan.process, true);
  removeDisk(plan.disk);
  settleKernel();
}
