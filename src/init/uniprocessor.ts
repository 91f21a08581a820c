// SPDX-License-Identifier: GPL-2.0-only
/**
 * A machine with one running CPU: no grace-period thread, no kworker, no completer, nobody who would wake a sleeper.
 *
 * A CPU that would sleep serves what is deferred in their place, one thing at a time, so that it wakes as soon as what
 * it waits for has come about, and no sooner. Of the device's requests it sees those that are due: give them no delay.
 */
import { nullb_poll } from '../drivers/null_blk.ts';
import { rcu_run_pending } from '../kernel/rcu/tree.ts';
import { current, set_idle_hook } from '../kernel/sched/core.ts';
import { workqueue_run_pending } from '../kernel/workqueue.ts';
import { switch_mm } from '../mm/tlb.ts';

/** Interrupts come first, then softirqs, then kworkers. @returns whether anything was pending */
function runDeferredWork(): boolean {
  const { mm, files } = current;
  // The sleeper's process is none of theirs: a kernel thread has no user memory and no descriptors.
  switch_mm(0);
  current.files = 0;
  const busy = nullb_poll() > 0 || rcu_run_pending() || workqueue_run_pending();
  switch_mm(mm);
  current.files = files;
  return busy;
}

/** Makes this CPU, the only one that runs, serve deferred work. After start_kernel(); until the next one. */
export function runDeferredWorkWhenIdle(): void {
  set_idle_hook(runDeferredWork);
}
