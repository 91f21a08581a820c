// SPDX-License-Identifier: GPL-2.0-only
/** Kernel threads: the first is RCU's grace-period thread, the others are kworkers. */
import { currentPhase } from '../src/arch/sab/control.ts';
import { rcu_completed, rcu_gp_kthread } from '../src/kernel/rcu/tree.ts';
import { kernel_enter, kernel_exit } from '../src/kernel/sched/core.ts';
import { worker_thread } from '../src/kernel/workqueue.ts';
import { PHASE_SHUTDOWN } from './protocol.ts';
import type { User } from './user.ts';

/** The role. @param number - its number among the kworkers */
export function kworker(user: User, number: number): void {
  const done = (): boolean => currentPhase() >= PHASE_SHUTDOWN;
  kernel_enter();
  if (number === 0) {
    rcu_gp_kthread(done);
    user.count('grace periods', rcu_completed());
  } else {
    worker_thread(done);
  }
  kernel_exit();
}
