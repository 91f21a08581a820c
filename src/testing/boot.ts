// SPDX-License-Identifier: GPL-2.0-only
/** For tests of one thread: a small kernel in it, and what it has complained about. */
import { ktime_get } from '../arch/sab/clock.ts';
import { createMachine, type Machine, type MachineParams, start_kernel } from '../init/machine.ts';
import { KernelOops, type OopsRecord, readOopsLog } from '../kernel/oops.ts';
import { kernel_enter } from '../kernel/sched/core.ts';

/** MiB of RAM of a machine under test. */
export const TEST_ARENA_MIB = 8;

/** Boots a machine in this thread, which is its CPU 0 from then on, and in the kernel. */
export function boot(params: Partial<MachineParams> = {}): Machine {
  const machine = createMachine({ cpus: 2, arenaMib: TEST_ARENA_MIB, sanitize: true, ...params });
  bootAgain(machine);
  return machine;
}

/** Boots a fresh kernel in a machine that there is. */
export function bootAgain(machine: Machine): void {
  const roles = Array.from({ length: machine.cpus }, (_, cpu) => `test${cpu}`);
  start_kernel(
    machine,
    { cpu: 0, reverted: [], seed: 1, perturb: 'none', debug: true, roles, bootTime: ktime_get() },
    1,
  );
  kernel_enter();
}

/** Everything that was recorded since boot, oldest first. */
export const records = (machine: Machine): OopsRecord[] => readOopsLog(machine.oops).records;

/** The kinds of what was recorded. */
export const kinds = (machine: Machine): string[] => records(machine).map(({ kind }) => kind);

/** Runs what must end in an oops. @returns its record */
export function oopsOf(machine: Machine, f: () => unknown): OopsRecord {
  const before = records(machine).length;
  try {
    f();
  } catch (error) {
    if (!(error instanceof KernelOops)) throw error;
    const found = records(machine)[before];
    if (found === undefined) throw new Error('an oops without a record', { cause: error });
    return found;
  }
  throw new Error('expected an oops, but nothing happened');
}
