// SPDX-License-Identifier: GPL-2.0-only
/**
 * Per-CPU memory: one copy for each possible CPU, a cache line apart. A CPU touches its own copy plainly; but where an
 * interrupt touches it, too, a load and a store have one in between, unless interrupts are off or it is this_cpu_add().
 *
 * @linux mm/percpu.c, include/linux/percpu.h v3.17
 */
import { num_possible_cpus, PER_CPU_STRIDE, this_cpu_off } from '../arch/sab/cpu.ts';
import { add32 } from '../arch/sab/memory.ts';
import { kfree, kzalloc } from './slab.ts';

/** Zeroed copies of up to a cache line. @returns the address of CPU 0's, 0 if memory is out */
export const alloc_percpu = (): number => kzalloc(PER_CPU_STRIDE * num_possible_cpus());
export const free_percpu = (base: number): void => kfree(base);
export const per_cpu_ptr = (base: number, cpu: number): number => base + PER_CPU_STRIDE * cpu;
export const this_cpu_ptr = (base: number): number => (base + this_cpu_off()) | 0;
/** Adds to a word of this CPU's copy. To an interrupt it is one step. @param ptr - as of this_cpu_ptr() */
export const this_cpu_add: (ptr: number, n: number) => void = add32;
