// SPDX-License-Identifier: GPL-2.0-only
/**
 * Per-CPU memory: one copy for each possible CPU, a cache line apart. A CPU touches its own copy plainly.
 *
 * @linux mm/percpu.c v3.17
 */
import { num_possible_cpus, smp_processor_id } from '../arch/sab/cpu.ts';
import { CACHELINE_BYTES } from '../arch/sab/memory.ts';
import { kfree, kzalloc } from './slab.ts';

/** Bytes from one CPU's copy to the next. */
const STRIDE = CACHELINE_BYTES;

/** Zeroed copies of up to a cache line. @returns the address of CPU 0's, 0 if memory is out */
export const alloc_percpu = (): number => kzalloc(STRIDE * num_possible_cpus());
export const free_percpu = (base: number): void => kfree(base);
export const per_cpu_ptr = (base: number, cpu: number): number => base + STRIDE * cpu;
export const this_cpu_ptr = (base: number): number => base + STRIDE * smp_processor_id();
