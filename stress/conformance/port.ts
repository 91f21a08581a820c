// SPDX-License-Identifier: GPL-2.0-only
/**
 * Replays a trace on the port: a machine with one running CPU, CPU 0, and one process.
 *
 * Only what `expect` names is compared, with `expect_v317` over it. A poll of a pipe, which v3.17 does not have, stands
 * for a request that is pending until `complete`; here it is a read of the pending device.
 */
import { ktime_get } from '../../src/arch/sab/clock.ts';
import { createMachine, type Machine, start_kernel } from '../../src/init/machine.ts';
import { runDeferredWorkWhenIdle } from '../../src/init/uniprocessor.ts';
import { isKernelExit, readOopsLog } from '../../src/kernel/oops.ts';
import type { Slug } from '../../src/reverts/registry.ts';
import { become, exitContexts, type Process, reap, settleKernel, spawn } from '../../src/user/process.ts';
import { run } from './port_ops.ts';
import { PortProcess } from './port_process.ts';
import type { Answer, Trace, TraceOp } from './trace.ts';

const ARENA_MIB = 8;
const MEMORY_BYTES = 512 * 1024;

/** Where the port answered something else. */
export interface Difference {
  /** index in Trace.ops; as many as there are ops for what was found at the end */
  readonly op: number;
  readonly field: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

/** Whether a trace is about the kernel that the port is a port of. */
export const appliesToPort = (trace: Trace): boolean => trace.applies.includes('v3.17');

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

function compare(index: number, op: TraceOp, actual: Answer): Difference[] {
  const expected: Answer = { ...op.expect, ...op.expect_v317 };
  return Object.entries(expected)
    .filter(([field, value]) => !same(value, actual[field]))
    .map(([field, value]) => ({ op: index, field, expected: value, actual: actual[field] }));
}

function bootMachine(cpus: number, reverted: readonly Slug[]): Machine {
  const machine = createMachine({ cpus, arenaMib: ARENA_MIB, sanitize: true });
  const roles = Array.from({ length: cpus }, (_, cpu) => (cpu === 0 ? 'replay' : 'idle'));
  start_kernel(machine, { cpu: 0, reverted, seed: 1, perturb: 'none', debug: true, roles, bootTime: ktime_get() }, 1);
  runDeferredWorkWhenIdle();
  return machine;
}

function runOps(trace: Trace, process: Process, cpus: number): Difference[] {
  const port = new PortProcess(process, MEMORY_BYTES, cpus);
  const differences = trace.ops.flatMap((op, index) => compare(index, op, run(port, op)));
  port.runOn(0);
  return differences;
}

/**
 * Runs the trace on a machine of its own.
 * @param cpus - possible CPUs, on which the number of slots depends
 * @param reverted - fixes that the machine does not have
 * @returns the differences; what the kernel complained about is one of the field `oops`
 */
export function replay(trace: Trace, cpus: number, reverted: readonly Slug[] = []): Difference[] {
  const machine = bootMachine(cpus, reverted);
  const differences: Difference[] = [];
  try {
    const process = spawn(MEMORY_BYTES, 0);
    become(process);
    differences.push(...runOps(trace, process, cpus));
    // Some traces leave contexts alive.
    exitContexts(process);
    settleKernel();
    reap(process, true);
    settleKernel();
  } catch (error) {
    // The kernel has written down why; anything else is a fault of this driver or of the trace.
    if (!isKernelExit(error)) throw error;
  }
  for (const { kind, title } of readOopsLog(machine.oops).records) {
    differences.push({ op: trace.ops.length, field: 'oops', expected: null, actual: `${kind}: ${title}` });
  }
  return differences;
}
