// SPDX-License-Identifier: GPL-2.0-only
/** A thread of piscina's pool on the host's kernel: plays a role of the stress test for one round. */
import { sched_clock } from '../../../src/arch/sab/clock.ts';
import { attachControl } from '../../../src/arch/sab/control.ts';
import { setCpu } from '../../../src/arch/sab/cpu.ts';
import type { Words } from '../../../src/arch/sab/words.ts';
import { attachOopsLog, type OopsLog } from '../../../src/kernel/oops.ts';
import { cancelAll, canceller } from '../../../workers/canceller.ts';
import { closeContexts, readAll } from '../../../workers/contexts.ts';
import { deliverAll } from '../../../workers/delivery.ts';
import { destroyer } from '../../../workers/destroyer.ts';
import { getter } from '../../../workers/getter.ts';
import { Ledger, ownerOf } from '../../../workers/ledger.ts';
import { Meter, type MeterBuffers } from '../../../workers/meters.ts';
import { arriveFirst, playRound } from '../../../workers/phases.ts';
import { PHASE_SETTLE, PHASE_TEARDOWN, type Role, type UserPlan } from '../../../workers/protocol.ts';
import { reaper } from '../../../workers/reaper.ts';
import { submitter } from '../../../workers/submitter.ts';
import { User } from '../../../workers/user.ts';
import { Native } from '../kernel/native.ts';
import { areaOf, HostKernel, type HostStage } from './host_kernel.ts';

const PROGRAMS: Partial<Record<Role, (user: User) => void>> = { submitter, reaper, getter, destroyer, canceller };
/** The roles that need nothing of a kernel but its system calls. */
export const HOST_ROLES = Object.keys(PROGRAMS) as readonly Role[];

/** What a thread gets. */
export interface HostTask {
  readonly cpu: number;
  readonly plan: UserPlan;
  readonly stage: HostStage;
  readonly control: Words;
  readonly oops: OopsLog;
  readonly ledger: Words;
  readonly meters: MeterBuffers;
}

/** A shared context with requests that its kernel may not have completed yet; -1 if there is none. */
function uncompletedSlot({ ledger, plan }: User): number {
  for (let slot = 0; slot < plan.workload.contexts; slot++) {
    if (ledger.alive(slot) && ledger.anyUncompleted(ownerOf(slot, ledger.seq(slot)))) return slot;
  }
  return -1;
}

/**
 * Reads what is left in the shared contexts until every request has given its event. What has been completed before a
 * look is there when one looks. For what may not have been, the leader sleeps in the kernel: for good, if an event
 * was lost.
 */
function settle(user: User): void {
  for (;;) {
    cancelAll(user);
    const slot = uncompletedSlot(user);
    if (readAll(user) > 0) continue;
    if (slot < 0) return;
    const n = user.getevents(user.ledger.handle(slot), 1, 64, -1);
    if (n > 0) deliverAll(user, n);
  }
}

/** An exception is this program's fault, not the kernel's: it ends the run. */
function unguarded(step: () => void): boolean {
  step();
  return true;
}

let native: Native | null = null;

/** Plays on a kernel that `kernelOf` makes of the host's. */
export async function playOn(task: HostTask, kernelOf: new (...args: HostKernelArgs) => HostKernel): Promise<void> {
  const { cpu, plan, stage } = task;
  native ??= await Native.load();
  setCpu(cpu, stage.cpus);
  attachControl(task.control);
  attachOopsLog(task.oops, sched_clock(), plan.roles);
  const kernel = new kernelOf(native, stage, cpu);
  const ledger = new Ledger(task.ledger, stage.cpus);
  const user = new User(cpu, plan, kernel, ledger, new Meter(task.meters, cpu), areaOf(stage, cpu));
  arriveFirst(cpu);
  const leaderSteps = [
    [PHASE_SETTLE, () => settle(user)],
    [PHASE_TEARDOWN, () => closeContexts(user)],
  ] as const;
  playRound(user, () => PROGRAMS[plan.roles[cpu] as Role]?.(user), leaderSteps, unguarded, null);
}
type HostKernelArgs = ConstructorParameters<typeof HostKernel>;

export default (task: HostTask): Promise<void> => playOn(task, HostKernel);
