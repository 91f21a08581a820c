// SPDX-License-Identifier: GPL-2.0-only
/**
 * A machine: RAM, and around it the buffers that the kernel cannot reach. Made by the operator, attached to by every
 * CPU.
 *
 *   memory     RAM: everything that the kernel and user space have
 *   control    run, stop, who sleeps on what
 *   oops       records of what went wrong
 *   trace      each CPU's last steps
 *   lockdep    the graph of lock orders, and who holds what
 *   lockStat   what each lock class cost
 */
import { attachStatics, bootStatics } from '../arch/sab/bss.ts';
import { ktime_get, sched_clock } from '../arch/sab/clock.ts';
import { attachControl, createControl, setAborted } from '../arch/sab/control.ts';
import { type IrqLine, setCpu, setPreemptCount } from '../arch/sab/cpu.ts';
import { ARENA_MIB_DEFAULT, memory, setHook, setRamSize } from '../arch/sab/memory.ts';
import { Prng } from '../arch/sab/prng.ts';
import type { Words } from '../arch/sab/words.ts';
import { nullb_attach, nullb_init, nullb_irq_line } from '../drivers/null_blk.ts';
import { aio_setup } from '../fs/aio/kioctx.ts';
import { enableLockDebug } from '../kernel/locking/lock_debug.ts';
import { clearLockStat, createLockStat, type LockStatBuffers } from '../kernel/locking/lock_stat_buffers.ts';
import { attachLockdep, clearLockdep, createLockdep } from '../kernel/locking/lockdep.ts';
import { attachOopsLog, clearOopsLog, createOopsLog, type OopsLog } from '../kernel/oops.ts';
import { installFaultHandler } from '../kernel/panic.ts';
import { rcu_init } from '../kernel/rcu/tree.ts';
import {
  do_IRQ,
  may_preempt_reader,
  preempt_schedule_irq,
  sched_attach,
  sched_init,
  set_idle_hook,
  setStackProbe,
} from '../kernel/sched/core.ts';
import { workqueue_init } from '../kernel/workqueue.ts';
import { clearShadow, KASAN_OK, KASAN_STACK_FREE, kasan_check, kasan_mark, setKasan } from '../mm/kasan.ts';
import { page_alloc_init } from '../mm/page_alloc.ts';
import { slab_init } from '../mm/slab.ts';
import { local_flush_tlb } from '../mm/tlb.ts';
import { type Build, setBuild } from '../reverts/registry.ts';
import { attachFlightRecorder, createFlightRecorder } from '../trace/flight_recorder.ts';
import { makeHook, type Perturbation } from './hook.ts';

export interface MachineParams {
  /** possible CPUs */
  readonly cpus: number;
  readonly arenaMib: number;
  readonly sanitize: boolean;
}

/** What a thread needs to attach. Can be posted to another thread. */
export interface Machine extends MachineParams {
  readonly memory: WebAssembly.Memory;
  readonly control: Words;
  readonly oops: OopsLog;
  readonly trace: Words;
  readonly lockdep: Words;
  readonly lockStat: LockStatBuffers;
}

/** How a CPU takes part in one boot of a machine. */
export interface CpuParams extends Build {
  readonly cpu: number;
  readonly seed: number;
  readonly perturb: Perturbation;
  /** accesses between two interrupts of the device, on average; 0 or nothing for none */
  readonly interruptEvery?: number;
  /** flight recorder, lockdep and lock_stat on */
  readonly debug: boolean;
  /** lockdep on, whatever `debug` says */
  readonly lockdep?: boolean;
  /** lock_stat on, whatever `debug` says */
  readonly lockStat?: boolean;
  /** what each CPU is, for reports */
  readonly roles: readonly string[];
  /** the boot's moment, ktime_get() */
  readonly bootTime: number;
}

/** Makes the buffers of a machine. */
export function createMachine(params: Partial<MachineParams> & { cpus: number }): Machine {
  const arenaMib = params.arenaMib ?? ARENA_MIB_DEFAULT;
  const sanitize = params.sanitize ?? false;
  return {
    cpus: params.cpus,
    arenaMib,
    sanitize,
    memory,
    control: createControl(params.cpus),
    oops: createOopsLog(),
    trace: createFlightRecorder(params.cpus),
    lockdep: createLockdep(params.cpus),
    lockStat: createLockStat(params.cpus),
  };
}

/** Maps the machine into this thread, as CPU `params.cpu`. @returns the machine's start on its sched_clock(), ns */
function attachHardware(machine: Machine, params: CpuParams): number {
  setHook(null);
  set_idle_hook(null);
  setRamSize(machine.arenaMib);
  installFaultHandler();
  local_flush_tlb();
  attachControl(machine.control);
  setCpu(params.cpu, machine.cpus);
  setPreemptCount(params.rcu === 'preempt' || (params.lockdep ?? params.debug));
  // Every thread has its own origin of time; the boot's moment is common.
  const epoch = sched_clock() - Math.max(0, ktime_get() - params.bootTime);
  attachOopsLog(machine.oops, epoch, params.roles);
  attachFlightRecorder(params.debug ? machine.trace : null, epoch);
  attachLockdep(machine.lockdep);
  setKasan(machine.sanitize);
  setStackProbe(
    machine.sanitize ? (addr, bytes) => kasan_mark(addr, bytes, KASAN_OK) : null,
    machine.sanitize ? (addr, bytes) => kasan_mark(addr, bytes, KASAN_STACK_FREE) : null,
  );
  setBuild(params);
  return epoch;
}

/** Accesses between two ticks, on average, of which one in a read section preempts; where the device has no say. */
const TICK_EVERY = 2000;
/** A preempted task waits for its turn so many ns, shifted by up to so many bits. */
const SLICE_NS = 20_000;
const SLICE_SHIFTS = 8;
const tick = (): void => {};

/**
 * What interrupts this CPU: the device, and with a preemptible RCU the tick, which may take it from a reader.
 * @context nullb_init()
 */
export function irqLineOf({ interruptEvery = 0, rcu, seed, cpu }: CpuParams): IrqLine | null {
  const device = interruptEvery > 0 ? nullb_irq_line(interruptEvery) : null;
  if (rcu !== 'preempt') return device;
  const random = new Prng(seed ^ (cpu * 0x85ebca6b));
  return {
    every: device?.every ?? TICK_EVERY,
    pending: () => may_preempt_reader() || device?.pending() === true,
    handle() {
      if (device === null) do_IRQ(tick);
      else device.handle();
      if (may_preempt_reader()) preempt_schedule_irq(SLICE_NS << random.below(SLICE_SHIFTS));
    },
  };
}

function enableInstruments(machine: Machine, params: CpuParams, epoch: number): void {
  const random = new Prng(params.seed ^ (params.cpu * 0x9e3779b1));
  nullb_attach(random);
  const { debug, lockdep = debug, lockStat = debug } = params;
  enableLockDebug({ lockdep, lockStat: lockStat ? machine.lockStat : null, epoch });
  setHook(makeHook(machine.sanitize ? kasan_check : null, params.perturb, new Prng(random.next()), irqLineOf(params)));
}

/**
 * Boots a fresh kernel in the machine, in this thread, which then is CPU `params.cpu`.
 *
 * @param completers - device queues
 */
export function start_kernel(machine: Machine, params: CpuParams, completers: number): void {
  clearOopsLog(machine.oops);
  machine.trace.fill(0);
  clearLockdep(machine.lockdep);
  clearLockStat(machine.lockStat);
  machine.control.fill(0);
  const epoch = attachHardware(machine, params);
  if (machine.sanitize) clearShadow();
  setAborted(false);
  bootStatics();
  sched_init();
  slab_init();
  nullb_init(completers);
  page_alloc_init();
  rcu_init();
  workqueue_init();
  aio_setup();
  enableInstruments(machine, params, epoch);
}

/** Joins a machine that another thread has booted. */
export function start_secondary(machine: Machine, params: CpuParams): void {
  const epoch = attachHardware(machine, params);
  attachStatics();
  sched_attach();
  enableInstruments(machine, params, epoch);
}
