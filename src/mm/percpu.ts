// SPDX-License-Identifier: GPL-2.0-only
/**
 * Per-CPU memory: one copy for each possible CPU, a cache line apart. A CPU touches its own copy plainly.
 *
 * @linux mm/percpu.c v3.17
 */
import { num_possible_cpus, PER_CPU_STRIDE, this_cpu_off } from '../arch/sab/cpu.ts';
import { kfree, kzalloc } from './slab.ts';

/** Zeroed copies of up to a cache line. @returns the address of CPU 0's, 0 if memory is out */
export const alloc_percpu = (): number => kzalloc(PER_CPU_STRIDE * num_possible_cpus());
export const free_percpu = (base: number): void => kfree(base);
export const per_cpu_ptr = (base: number, cpu: number): number => base + PER_CPU_STRIDE * cpu;
export const this_cpu_ptr = (base: number): number => (base + this_cpu_off()) | 0;
