// SPDX-License-Identifier: GPL-2.0-only
/**
 * A process of its own, which submits and exits: when exit_aio() returns, no request of it may be in flight.
 *
 * @linux kernel/fork.c mmput() v3.17
 */
import { become, exitContexts, reap, spawn } from '../src/user/process.ts';
import { areaBytes } from './layout.ts';
import type { PortKernel } from './port_kernel.ts';
import type { User } from './user.ts';

/** Makes a process with some contexts, submits reads to each, exits, and looks at what is still in flight. */
export function exitWithRequests(user: User<PortKernel>): void {
  const { prng, plan, ledger, kernel } = user;
  const { nrEventsMin, nrEventsMax, batch, bufferBytes } = plan.workload;
  const child = spawn(areaBytes(ledger.entriesPerCpu, bufferBytes), kernel.process.files);
  become(child);
  const self = user.at(child.base);
  for (let contexts = prng.between(1, 3); contexts > 0; contexts--) {
    const ctx = self.setup(prng.between(nrEventsMin, nrEventsMax));
    if (ctx >= 0) self.batch.submitReads(ctx, prng.between(1, batch));
  }
  const before = ledger.inFlight(user.self).length;
  exitContexts(child);
  const left = ledger.inFlight(user.self);
  user.count('process exits');
  if (before > 0) user.count('exits with requests in flight');
  if (left.length > 0) {
    user.finding('exit:requests-in-flight', 'a process was gone while its requests were in flight', [
      `${left.length} accepted requests not done, such as iocb 0x${ledger.obj(left[0] as number).toString(16)}`,
    ]);
  }
  ledger.bury(user.self);
  reap(child, false);
  become(kernel.process);
}
