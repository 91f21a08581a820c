// SPDX-License-Identifier: GPL-2.0-only
/** Runs a trace on the port: a machine with one running CPU, CPU 0, and one process. */
import { ktime_get } from '../../../src/arch/sab/clock.ts';
import { createMachine, type Machine, start_kernel } from '../../../src/init/machine.ts';
import { runDeferredWorkWhenIdle } from '../../../src/init/uniprocessor.ts';
import { isKernelExit, readOopsLog } from '../../../src/kernel/oops.ts';
import type { Slug } from '../../../src/reverts/registry.ts';
import { become, exitContexts, reap, settleKernel, spawn } from '../../../src/user/process.ts';
import { runOps } from '../ops/run.ts';
import type { Answer } from '../trace/kinds.ts';
import type { Outcome, Trace } from '../trace/trace.ts';
import { PortSystem } from './system.ts';

const ARENA_MIB = 4;
const MEMORY_BYTES = 512 * 1024;

/** That of the last trace: its buffers take longer to make than most traces to run. */
let machine: Machine | null = null;

function bootMachine(cpus: number, reverted: readonly Slug[]): Machine {
  if (machine?.cpus !== cpus) machine = createMachine({ cpus, arenaMib: ARENA_MIB, sanitize: true });
  const roles = Array.from({ length: cpus }, (_, cpu) => (cpu === 0 ? 'replay' : 'idle'));
  start_kernel(machine, { cpu: 0, reverted, seed: 1, perturb: 'none', debug: true, roles, bootTime: ktime_get() }, 1);
  runDeferredWorkWhenIdle();
  return machine;
}

/**
 * Runs the trace on a machine of its own.
 * @param cpus - possible CPUs, on which the number of slots depends
 * @param reverted - fixes that the machine does not have
 * @throws TraceError if the trace cannot be run anywhere
 */
export function runOnPort(trace: Trace, cpus: number, reverted: readonly Slug[] = []): Outcome {
  const { oops } = bootMachine(cpus, reverted);
  const answers: Answer[] = [];
  try {
    const process = spawn(MEMORY_BYTES, 0);
    become(process);
    const system = new PortSystem(process, MEMORY_BYTES, cpus);
    runOps(trace.ops, system, (answer) => answers.push(answer));
    system.runOn(0);
    // Some traces leave contexts alive.
    exitContexts(process);
    settleKernel();
    reap(process, true);
    settleKernel();
  } catch (error) {
    // The kernel has written down why; anything else is a fault of this driver or of the trace.
    if (!isKernelExit(error)) throw error;
  }
  const complaints = readOopsLog(oops).records.map(({ kind, title }) => `${kind}: ${title}`);
  return { answers, complaints, skipped: null };
}
