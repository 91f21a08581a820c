// SPDX-License-Identifier: GPL-2.0-only
/**
 * The CPU that this thread is: its number, and what may not happen on it right now.
 *
 * A thread is a CPU, and nothing else ever runs on it: no interrupt comes in between two statements.
 * Disabling interrupts or preemption is therefore an assertion, counted here so that sleeping or
 * returning to user space with either disabled is caught.
 *
 * NOT LINUX: preempt_count and the irq flag are variables of the thread, not memory.
 */

/** This CPU's numbers, in an array with a buffer of its own: V8 knows the address, and counts by one instruction. */
const self = new Int32Array(new ArrayBuffer(16));
const CPU = 0;
const CPU_IDS = 1;
const PREEMPT_DEPTH = 2;
const IRQS_OFF = 3;
self[CPU_IDS] = 1;

/** Gives this thread its number. @param ids - possible CPUs of the machine */
export function setCpu(number: number, ids: number): void {
  self[CPU] = number;
  self[CPU_IDS] = ids;
  self[PREEMPT_DEPTH] = 0;
  self[IRQS_OFF] = 0;
}

export const smp_processor_id = (): number => self[CPU] as number;
/** @linux num_possible_cpus() */
export const num_possible_cpus = (): number => self[CPU_IDS] as number;

export function preempt_disable(): void {
  self[PREEMPT_DEPTH] = (self[PREEMPT_DEPTH] as number) + 1;
}
export function preempt_enable(): void {
  self[PREEMPT_DEPTH] = (self[PREEMPT_DEPTH] as number) - 1;
}
/** Spinlocks held and RCU read sections entered. */
export const preempt_count = (): number => self[PREEMPT_DEPTH] as number;

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
/** Whether this CPU may sleep now. @linux in_atomic() || irqs_disabled() */
export const in_atomic = (): boolean => self[PREEMPT_DEPTH] !== 0 || self[IRQS_OFF] !== 0;
