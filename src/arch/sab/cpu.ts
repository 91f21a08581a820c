// SPDX-License-Identifier: GPL-2.0-only
/**
 * The CPU that this thread is: its number, and what may not happen on it right now.
 *
 * A thread is a CPU. Where a hook is set, a device may interrupt it before an access to RAM, unless interrupts are
 * off; its handler runs to its end with interrupts off. With a preemptible RCU a reader may be preempted there. Nothing
 * else ever runs between two statements, so what has no access between its parts is one step to an interrupt.
 * Preemption is counted, so that sleeping or returning to user space with it disabled is caught.
 *
 * NOT LINUX: preempt_count and the irq flag are variables of the thread, not memory.
 */

/** How a device interrupts a CPU. The hook asks and calls; null where nothing does. */
export interface IrqLine {
  /** accesses between two interrupts of a CPU, on average */
  readonly every: number;
  /** Whether the device has anything for this CPU. No access of this CPU's. */
  pending(): boolean;
  /** Takes the interrupt. @context interrupts on */
  handle(): void;
}

/** This CPU's numbers, in an array with a buffer of its own: V8 knows the address, and counts by one instruction. */
const self = new Int32Array(new ArrayBuffer(28));
const CPU = 0;
const CPU_IDS = 1;
const PREEMPT_DEPTH = 2;
const IRQS_OFF = 3;
const THIS_CPU_OFF = 4;
const IN_IRQ = 5;
const RCU_NESTING = 6;
/** Bytes between two CPUs' copies of per-CPU memory. */
export const PER_CPU_STRIDE = 64;
self[CPU_IDS] = 1;

/** Set once before the first use and then never changed, V8 takes it for a constant. */
class Config {
  declare preempt_count?: boolean;
  declare preempt_rcu?: boolean;
}
const config = new Config();
/** Whether spinlocks and RCU read sections are counted: CONFIG_PREEMPT_COUNT. They are unless this says otherwise. */
export function setPreemptCount(on: boolean): void {
  if (config.preempt_count !== on) config.preempt_count = on;
}

/** What a grace period of RCU waits for: CPUs, or readers, which may be preempted. */
export const RCUS = ['classic', 'preempt'] as const;
export type Rcu = (typeof RCUS)[number];
/** CONFIG_TREE_PREEMPT_RCU, or not. A preemptible one needs setPreemptCount(). */
export function setRcu(rcu: Rcu): void {
  const preempt = rcu === 'preempt';
  if (config.preempt_rcu !== preempt) config.preempt_rcu = preempt;
}
export const is_preempt_rcu = (): boolean => config.preempt_rcu === true;

/** Gives this thread its number. @param ids - possible CPUs of the machine */
export function setCpu(number: number, ids: number): void {
  self[CPU] = number;
  self[CPU_IDS] = ids;
  self[THIS_CPU_OFF] = number * PER_CPU_STRIDE;
  self[PREEMPT_DEPTH] = 0;
  self[IRQS_OFF] = 0;
  self[IN_IRQ] = 0;
  self[RCU_NESTING] = 0;
}

export const smp_processor_id = (): number => self[CPU] as number;
/** Bytes from CPU 0's copy of per-CPU memory to this CPU's. @linux this_cpu_off */
export const this_cpu_off = (): number => self[THIS_CPU_OFF] as number;
/** @linux num_possible_cpus() */
export const num_possible_cpus = (): number => self[CPU_IDS] as number;

export function preempt_disable(): void {
  if (config.preempt_count !== false) self[PREEMPT_DEPTH] = (self[PREEMPT_DEPTH] as number) + 1;
}
export function preempt_enable(): void {
  if (config.preempt_count !== false) self[PREEMPT_DEPTH] = (self[PREEMPT_DEPTH] as number) - 1;
}
/** Spinlocks held and RCU read sections entered. */
export const preempt_count = (): number => self[PREEMPT_DEPTH] as number;

/** Read sections of a preemptible RCU that this CPU is in. @linux rcu_preempt_depth() */
export const rcu_preempt_depth = (): number => self[RCU_NESTING] as number;
export function set_rcu_preempt_depth(depth: number): void {
  self[RCU_NESTING] = depth;
}

export const irqs_disabled = (): boolean => self[IRQS_OFF] !== 0;
/** @returns the flags for local_irq_restore() */
export function local_irq_save(): boolean {
  const flags = self[IRQS_OFF] !== 0;
  self[IRQS_OFF] = 1;
  return flags;
}
export function local_irq_restore(flags: boolean): void {
  self[IRQS_OFF] = flags ? 1 : 0;
}
export function local_irq_disable(): void {
  self[IRQS_OFF] = 1;
}
export function local_irq_enable(): void {
  self[IRQS_OFF] = 0;
}

/** Begins an interrupt: interrupts stay off to its end. @context interrupts on */
export function irq_enter(): void {
  self[IRQS_OFF] = 1;
  self[IN_IRQ] = 1;
}
export function irq_exit(): void {
  self[IN_IRQ] = 0;
  self[IRQS_OFF] = 0;
}
/** Whether an interrupt is being handled: no sleeping, no mutex. @linux in_interrupt() */
export const in_interrupt = (): boolean => self[IN_IRQ] !== 0;

/** Whether this CPU may not sleep now. @linux in_atomic() || irqs_disabled() || rcu_preempt_depth() */
export const in_atomic = (): boolean =>
  ((self[PREEMPT_DEPTH] as number) | (self[IRQS_OFF] as number) | (self[RCU_NESTING] as number)) !== 0;
