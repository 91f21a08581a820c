// SPDX-License-Identifier: GPL-2.0-only
/** The leader: the one thread of user space that begins and ends a round. */
import { sched_clock } from '../src/arch/sab/clock.ts';
import { ramdisk, ramdisk_destroy } from '../src/drivers/ramdisk.ts';
import { kernel_enter, kernel_exit } from '../src/kernel/sched/core.ts';
import { become, exitContexts, reap, settleKernel } from '../src/user/process.ts';
import { cancelAll } from './canceller.ts';
import { setupShared } from './destroyer.ts';
import { ACCEPTED, DELIVERED, DONE, RACED, SETTLED } from './ledger.ts';
import type { User } from './user.ts';

/** Longest wait for requests that are in flight, ns. Nothing is judged by it: the operator looks at what is left. */
const SETTLE_NS = 5e9;

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

/** Reads what is left in the shared contexts, cancels what would wait for ever, until nothing is in flight. */
export function settle(user: User): void {
  const { ledger, plan } = user;
  const until = sched_clock() + SETTLE_NS;
  let idle = 0;
  while (sched_clock() < until) {
    let got = cancelAll(user);
    for (let slot = 0; slot < plan.workload.contexts; slot++) {
      if (!ledger.alive(slot)) continue;
      const n = user.getevents(ledger.handle(slot), 0, 64, 0);
      if (n > 0) {
        user.deliverAll(n);
        got += n;
      }
    }
    if (got > 0) idle = 0;
    else if (!unsettled(user) || ++idle > 100) break;
    else user.pause(4000);
  }
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
  settleKernel();
  become({ mm: 0, files: 0, base: 0 });
  reap(plan.process, true);
  removeDisk(plan.disk);
  settleKernel();
}
