// SPDX-License-Identifier: GPL-2.0-only
/** The leader: the one thread of user space that ends a round on the port. */
import { stir } from '../src/arch/sab/control.ts';
import { isQuiet } from '../src/arch/sab/park.ts';
import { nullb_drain } from '../src/drivers/null_blk.ts';
import { ramdisk, ramdisk_destroy } from '../src/drivers/ramdisk.ts';
import { synchronize_rcu } from '../src/kernel/rcu/tree.ts';
import { kernel_enter, kernel_exit } from '../src/kernel/sched/core.ts';
import { become, exitContexts, reap, settleKernel } from '../src/user/process.ts';
import { cancelAll } from './canceller.ts';
import { closeContexts, readAll } from './contexts.ts';
import { ACCEPTED, DELIVERED, DONE, RACED, SETTLED } from './ledger.ts';
import type { PortKernel } from './port_kernel.ts';
import type { User } from './user.ts';

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

/**
 * Reads what is left in the shared contexts, and cancels what would wait for ever, until every request has given its
 * event, or until nothing happens any more: then what is missing will never come.
 */
export function settle(user: User): void {
  for (;;) {
    // Asked first, so that there is a last look after it.
    const quiet = isQuiet();
    if (cancelAll(user) + readAll(user) > 0) stir();
    else if (quiet) return;
    else if (!unsettled(user)) break;
    else user.pause(4000);
  }
  // The last event is in the ring before its request gives its reference back: whoever completes it must be out.
  kernel_enter();
  synchronize_rcu();
  kernel_exit();
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

/** Ends the process and waits until the kernel has freed all that it had. @param disk - address of the RAM disk */
export function tearDown(user: User<PortKernel>, disk: number): void {
  const { process } = user.kernel;
  if (user.plan.workload.programs.submitter !== 'hostile') closeContexts(user);
  exitContexts(process);
  // Where a fix is missing, requests may outlive their context: kworkers are needed until the last has ended.
  drainDevice();
  settleKernel();
  become({ mm: 0, files: 0 });
  reap(process, true);
  removeDisk(disk);
  settleKernel();
}
