// SPDX-License-Identifier: GPL-2.0-only
/**
 * A CPU of the port: one piscina thread, one task for the whole run. It joins each machine that the operator boots,
 * plays its role, and reports. It must never die silently.
 */
import { receiveMessageOnPort } from 'node:worker_threads';
import { setVirtualClock } from '../src/arch/sab/clock.ts';
import { NEXT_ROUND, PHASE, setAwaited } from '../src/arch/sab/control.ts';
import { WildJump } from '../src/arch/sab/functable.ts';
import { setHook } from '../src/arch/sab/memory.ts';
import { wordLoad, wordWait } from '../src/arch/sab/words.ts';
import { DetCpu } from '../src/det/det_cpu.ts';
import { FULL_ON } from '../src/det/full_buffers.ts';
import { FullRecorder } from '../src/det/full_recorder.ts';
import { recordedHook } from '../src/det/recorded_memory.ts';
import { CLOCK } from '../src/det/state.ts';
import { nullb_interrupts, setDeviceProbe } from '../src/drivers/null_blk.ts';
import { type CpuParams, irqLineOf, start_secondary } from '../src/init/machine.ts';
import { sourceOf } from '../src/init/recorder_source.ts';
import { signsOf } from '../src/init/signs.ts';
import { setSpinLimit } from '../src/kernel/locking/spinlock.ts';
import { type FindingKind, isKernelExit, recordError } from '../src/kernel/oops.ts';
import { setAllocFaults } from '../src/mm/fault_inject.ts';
import { kasan_check } from '../src/mm/kasan.ts';
import { buildOf } from '../src/reverts/registry.ts';
import { become } from '../src/user/process.ts';
import { canceller } from './canceller.ts';
import { completer, watchDevice } from './completer.ts';
import { destroyer } from './destroyer.ts';
import { openAndClose } from './files.ts';
import { getter } from './getter.ts';
import { setupUntold } from './guesser.ts';
import { kworker } from './kworker.ts';
import { areaBytes } from './layout.ts';
import { settle, tearDown } from './leader.ts';
import { Ledger } from './ledger.ts';
import { Meter } from './meters.ts';
import { migrator } from './migrator.ts';
import { arrive, arriveFirst, LOOK_MS, playRound } from './phases.ts';
import { PortKernel } from './port_kernel.ts';
import { exitWithRequests } from './process.ts';
import {
  type CpuReport,
  type CpuTask,
  DAEMONS,
  LOADED,
  PHASE_ATTACH,
  PHASE_EXIT,
  PHASE_RUN,
  PHASE_SETTLE,
  PHASE_TEARDOWN,
  type Role,
  type RoundPlan,
} from './protocol.ts';
import { reaper } from './reaper.ts';
import { submitter } from './submitter.ts';
import { User } from './user.ts';

/** Which of its role's threads a CPU is. */
const numberInRole = (plan: RoundPlan, cpu: number): number =>
  plan.roles.slice(0, cpu).filter((role) => role === plan.roles[cpu]).length;

/** What a thread of each role does; the number is which of its role's threads it is. */
export type Programs = Readonly<Record<Role, (user: User<PortKernel>, number: number) => void>>;
export const PROGRAMS: Programs = {
  submitter: (user) => submitter(user, { setup_untold: setupUntold }),
  completer,
  reaper,
  getter,
  migrator,
  destroyer: (user) => destroyer(user, { process_exit: exitWithRequests, open_and_close: openAndClose }),
  canceller,
  kworker,
};

/** What an exception of JavaScript's own means for a kernel that runs on it. */
function kindOf(error: unknown): FindingKind {
  if (error instanceof WildJump) return 'oops:wild-jump';
  if (error instanceof TypeError && /of (null|undefined)/.test(error.message)) return 'oops:null-dereference';
  return 'thread:died';
}

/** Runs a step; what it throws becomes a record, and the CPU is out of the round. @returns whether it went through */
function guarded(step: () => void): boolean {
  try {
    step();
    return true;
  } catch (error) {
    if (!isKernelExit(error)) recordError(kindOf(error), error);
    return false;
  }
}

/** Joins the machine. @returns the CPU's part in the deterministic schedule, if there is one */
function join(task: CpuTask, plan: RoundPlan): DetCpu | null {
  const { cpu, machine, det } = task;
  // A completer takes the device's interrupts and nothing else: it has none to be interrupted in.
  const interruptEvery = plan.roles[cpu] === 'completer' ? 0 : plan.workload.interruptEvery;
  setVirtualClock(det === null ? null : () => det.times[CLOCK] as number);
  const params: CpuParams = {
    cpu,
    ...buildOf(plan),
    seed: plan.seed,
    perturb: plan.perturb,
    interruptEvery,
    debug: true,
    roles: plan.roles,
    bootTime: plan.bootTime,
  };
  start_secondary(machine, params);
  if (det === null) return null;
  setSpinLimit(0);
  const hook = new DetCpu(cpu, det, signsOf(machine, det), machine.sanitize ? kasan_check : null, irqLineOf(params));
  const told = det.full.entries[FULL_ON] === 1;
  setHook(told ? recordedHook(hook, new FullRecorder(cpu, det, sourceOf(cpu, machine.oops)), det, machine.cpus) : hook);
  setVirtualClock(
    () => det.times[CLOCK] as number,
    () => hook.readClock(),
  );
  hook.enter(PHASE_RUN);
  return hook;
}

function runRound(task: CpuTask, plan: RoundPlan, programs: Programs): void {
  const { cpu, machine } = task;
  const det = join(task, plan);
  const watch = det === null ? null : (index: number, before: number, after: number) => det.book(index, before, after);
  const ledger = new Ledger(task.ledger, machine.cpus, watch);
  const area = plan.process.base + cpu * areaBytes(ledger.entriesPerCpu, plan.workload.bufferBytes);
  const kernel = new PortKernel(plan.process);
  const user = new User(cpu, plan, kernel, ledger, new Meter(task.meters, cpu), area);
  const role = plan.roles[cpu] ?? 'kworker';
  const daemon = DAEMONS.includes(role);
  if (!daemon) become(plan.process);
  arriveFirst(cpu);
  det?.awaitFirstBaton();
  const leaderSteps = [
    [PHASE_SETTLE, () => settle(user)],
    [PHASE_TEARDOWN, () => tearDown(user, plan.disk)],
  ] as const;
  const { allocFailsOneIn } = plan.workload;
  const play = (): void => {
    if (!daemon && allocFailsOneIn > 0) setAllocFaults(() => user.prng.oneIn(allocFailsOneIn));
    try {
      programs[role](user, numberInRole(plan, cpu));
    } finally {
      setAllocFaults(null);
    }
  };
  watchDevice(user);
  playRound(user, play, daemon ? null : leaderSteps, guarded, det);
  setHook(null);
  setDeviceProbe(null);
  const interrupts = nullb_interrupts();
  if (interrupts > 0) user.count('completed in interrupts', interrupts);
  const report: CpuReport = { cpu, round: plan.round };
  task.port.postMessage(report);
  setAwaited(cpu, NEXT_ROUND);
  arrive();
  det?.leave();
}

/** The task: rounds, until the operator says that it is over. @param programs - others in tests */
export function runCpu(task: CpuTask, programs: Programs): void {
  const { control } = task.machine;
  task.port.postMessage(LOADED);
  for (;;) {
    const phase = wordLoad(control, PHASE);
    if (phase === PHASE_EXIT) return;
    const message = phase === PHASE_ATTACH ? receiveMessageOnPort(task.port) : undefined;
    if (message !== undefined) runRound(task, message.message as RoundPlan, programs);
    else wordWait(control, PHASE, phase, LOOK_MS);
  }
}

export default function cpuTask(task: CpuTask): void {
  runCpu(task, PROGRAMS);
}
