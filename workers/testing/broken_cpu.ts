// SPDX-License-Identifier: GPL-2.0-only
/**
 * CPUs of a kernel that is broken on purpose: a watchdog must say so, however busy the machine is.
 *
 *   completer  loses_requests     takes a request and forgets it
 *   migrator   keeps_a_lock       takes a context's ring_lock and sleeps for ever
 *   migrator   swallows_wakeups   takes sleepers out of the wait queue, so that whoever wakes it finds nobody
 *   migrator   forgets_to_notify  makes sleepers runnable and does not wake their threads
 *   migrator   keeps_quota        has a part of aio_max_nr that belongs to no context
 *   submitter  computes           never comes back from the kernel
 */
import { xchg } from '../../src/arch/sab/atomic.ts';
import { currentPhase } from '../../src/arch/sab/control.ts';
import { load32 } from '../../src/arch/sab/memory.ts';
import { nullb_thread, setDeviceProbe } from '../../src/drivers/null_blk.ts';
import { aio, kioctx, kioctx_table, kioctx_table_slot } from '../../src/fs/aio/kioctx.ts';
import { mutex_lock } from '../../src/kernel/locking/mutex.ts';
import {
  spin_lock,
  spin_lock_irqsave,
  spin_unlock,
  spin_unlock_irqrestore,
} from '../../src/kernel/locking/spinlock.ts';
import {
  cpu_task,
  kernel_enter,
  kernel_exit,
  schedule,
  set_current_state,
  TASK_INTERRUPTIBLE,
  TASK_RUNNING,
  TASK_UNINTERRUPTIBLE,
  task_state,
} from '../../src/kernel/sched/core.ts';
import { wait_queue_head_t } from '../../src/kernel/sched/wait.ts';
import { list_del_init, list_empty, list_next } from '../../src/lib/list.ts';
import { mm_struct } from '../../src/mm/mm_types.ts';
import { PROGRAMS, type Programs, runCpu } from '../cpu.ts';
import type { PortKernel } from '../port_kernel.ts';
import { type CpuTask, PHASE_SHUTDOWN } from '../protocol.ts';
import type { User } from '../user.ts';

/** A context of the process; null if there is none yet. */
function anyContext(user: User<PortKernel>): kioctx | null {
  const table = kioctx_table.from(mm_struct.at(user.kernel.process.mm).ioctx_table);
  if (table === null) return null;
  for (let i = 0; i < table.nr; i++) {
    const ctx = kioctx.from(load32(kioctx_table_slot(table, i)));
    if (ctx !== null) return ctx;
  }
  return null;
}

function loseRequests(user: User, queue: number): void {
  let lost = false;
  setDeviceProbe({
    finished: (lo, hi) => {
      if (lost) {
        user.ledger.deviceDone(lo, hi);
        return;
      }
      lost = true;
      // Everything else goes on in here, so that this one never gets any further.
      nullb_thread(queue, () => currentPhase() >= PHASE_SHUTDOWN);
    },
    completed: null,
  });
  kernel_enter();
  nullb_thread(queue, () => currentPhase() >= PHASE_SHUTDOWN);
  kernel_exit();
}

function keepALock(user: User<PortKernel>): void {
  while (user.running()) {
    const ctx = anyContext(user);
    if (ctx === null) {
      user.pause(100);
      continue;
    }
    kernel_enter();
    mutex_lock(ctx.ring_lock);
    set_current_state(TASK_UNINTERRUPTIBLE);
    schedule();
  }
}

function swallowWakeups(user: User<PortKernel>): void {
  while (user.running()) {
    kernel_enter();
    const ctx = anyContext(user);
    if (ctx !== null) {
      const wait = wait_queue_head_t.at(ctx.wait);
      const flags = spin_lock_irqsave(wait.lock);
      while (!list_empty(wait.task_list)) list_del_init(list_next(wait.task_list));
      spin_unlock_irqrestore(wait.lock, flags);
    }
    kernel_exit();
  }
}

function forgetToNotify(user: User): void {
  while (user.running()) {
    user.plan.roles.forEach((role, cpu) => {
      if (role === 'getter' && task_state(cpu) === TASK_INTERRUPTIBLE) xchg(cpu_task(cpu).$state, TASK_RUNNING);
    });
    user.pause(100);
  }
}

function keepQuota(user: User): void {
  const { it: g } = aio;
  kernel_enter();
  spin_lock(g.aio_nr_lock);
  g.aio_nr += g.aio_max_nr;
  spin_unlock(g.aio_nr_lock);
  kernel_exit();
  while (user.running()) user.pause(100);
}

function compute(user: User): void {
  kernel_enter();
  for (let n = 0; user.cpu >= 0; n++) if (n < 0) user.progress();
}

const BROKEN: Programs = {
  ...PROGRAMS,
  completer: (user, number) =>
    (user.plan.workload.programs.completer === 'loses_requests' && number === 0 ? loseRequests : PROGRAMS.completer)(
      user,
      number,
    ),
  migrator: (user, number) => {
    const program = user.plan.workload.programs.migrator;
    if (program === 'keeps_a_lock') keepALock(user);
    else if (program === 'swallows_wakeups') swallowWakeups(user);
    else if (program === 'forgets_to_notify') forgetToNotify(user);
    else if (program === 'keeps_quota') keepQuota(user);
    else PROGRAMS.migrator(user, number);
  },
  submitter: (user, number) =>
    user.plan.workload.programs.submitter === 'computes' && number === 0
      ? compute(user)
      : PROGRAMS.submitter(user, number),
};

export default function brokenCpuTask(task: CpuTask): void {
  runCpu(task, BROKEN);
}
