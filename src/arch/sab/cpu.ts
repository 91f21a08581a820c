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

/** One object, because V8 reads a field of it faster than it does four variables of a module. */
const self = { cpu: 0, cpu_ids: 1, preempt_depth: 0, irqs_off: 0 };

/** Gives this thread its number. @param ids - possible CPUs of the machine */
export function setCpu(number: number, ids: number): void {
  self.cpu = number;
  self.cpu_ids = ids;
  self.preempt_depth = 0;
  self.irqs_off = 0;
}

export const smp_processor_id = (): number => self.cpu;
/** @linux num_possible_cpus() */
export const num_possible_cpus = (): number => self.cpu_ids;

export function preempt_disable(): void {
  self.preempt_depth++;
}
export function preempt_enable(): void {
  self.preempt_depth--;
}
/** Spinlocks held and RCU read sections entered. */
export const preempt_count = (): number => self.preempt_depth;

export const irqs_disabled = (): boolean => self.irqs_off !== 0;
/** @returns the flags for local_irq_restore() */
export function local_irq_save(): boolean {
  const flags = self.irqs_off !== 0;
  self.irqs_off = 1;
  return flags;
}
export function local_irq_restore(flags: boolean): void {
  self.irqs_off = flags ? 1 : 0;
}
export function local_irq_disable(): void {
  self.irqs_off = 1;
}
export function local_irq_enable(): void {
  self.irqs_off = 0;
}
/** Whether this CPU may sleep now. @linux in_atomic() || irqs_disabled() */
export const in_atomic = (): boolean => self.preempt_depth !== 0 || self.irqs_off !== 0;
