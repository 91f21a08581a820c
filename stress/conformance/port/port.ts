// SPDX-License-Identifier: GPL-2.0-only
/** Runs a trace on the port: a machine with one running CPU, CPU 0, and one process. */
import { ktime_get } from '../../../src/arch/sab/clock.ts';
import { createMachine, type Machine, start_kernel } from '../../../src/init/machine.ts';
import { runDeferredWorkWhenIdle } from '../../../src/init/uniprocessor.ts';
import { isKernelExit, readOopsLog } from '../../../src/kernel/oops.ts';
import type { Slug } from '../../../src/reverts/registry.ts';
import { io_event } from '../../../src/uapi/aio_abi.ts';
import { become, exitContexts, reap, settleKernel, spawn } from '../../../src/user/process.ts';
import { runOps } from '../ops/run.ts';
import type { Answer } from '../trace/kinds.ts';
import { stepsOf } from '../trace/steps.ts';
import type { BasicOp, Outcome, Trace } from '../trace/trace.ts';
import { PortSystem } from './system.ts';

/** RAM: a large one takes long to boot, and few traces need it. */
const SMALL_MIB = 4;
const LARGE_MIB = 64;
/** Of the small one, bytes that rings and files may have. */
const SMALL_BYTES = 2 * 2 ** 20;
/** Rings that are larger are refused. */
const EVENTS_MAX = 1 << 22;
/** A page of bytes, and those of a file's tree that lead to it. */
const PAGES_BYTES = 4 * 4096;
/** Memory of a process of the one and of the other. */
const MEMORY_BYTES = 512 * 1024;
const LARGE_MEMORY_BYTES = 16 * 2 ** 20;

/** How much RAM a step may take at most. */
function bytesOf(op: BasicOp): number {
  switch (op.op) {
    case 'io_setup':
      return op.nr_events > 0 && op.nr_events <= EVENTS_MAX ? 2 * io_event.sizeof * op.nr_events : 0;
    case 'file':
      return op.size;
    case 'buffer':
      return op.size > MEMORY_BYTES / 4 ? SMALL_BYTES : 0;
    case 'iocb':
      return Math.min(Number(op.nbytes ?? 0), MEMORY_BYTES) + PAGES_BYTES;
    case 'iocbs':
      return op.count * Math.min(op.stride ?? 0, PAGES_BYTES) + PAGES_BYTES;
    case 'open':
      // Each write takes more.
      return op.append === true ? SMALL_BYTES : 0;
    default:
      return 0;
  }
}

function arenaOf(trace: Trace): number {
  let bytes = 0;
  for (const { op } of stepsOf(trace.ops)) bytes += bytesOf(op);
  return bytes < SMALL_BYTES ? SMALL_MIB : LARGE_MIB;
}

/** Those of the last traces, by RAM: their buffers take longer to make than most traces to run. */
const machines = new Map<number, Machine>();

function bootMachine(cpus: number, arenaMib: number, reverted: readonly Slug[]): Machine {
  const known = machines.get(arenaMib);
  const machine = known?.cpus === cpus ? known : createMachine({ cpus, arenaMib, sanitize: true });
  machines.set(arenaMib, machine);
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
  const arenaMib = arenaOf(trace);
  const memory = arenaMib === SMALL_MIB ? MEMORY_BYTES : LARGE_MEMORY_BYTES;
  const { oops } = bootMachine(cpus, arenaMib, reverted);
  const answers: Answer[] = [];
  try {
    const process = spawn(memory, 0);
    become(process);
    const system = new PortSystem(process, memory, cpus);
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
