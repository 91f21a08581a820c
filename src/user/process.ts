// SPDX-License-Identifier: GPL-2.0-only
/** Processes: an address space with private memory, and a table of open files. */
import { PAGE_SIZE } from '../arch/sab/memory.ts';
import { exit_aio } from '../fs/aio/destroy.ts';
import { files_alloc, files_free, files_struct } from '../fs/file.ts';
import { oops } from '../kernel/oops.ts';
import { rcu_barrier } from '../kernel/rcu/tree.ts';
import { current, kernel_enter, kernel_exit } from '../kernel/sched/core.ts';
import { flush_workqueue } from '../kernel/workqueue.ts';
import { mm_struct } from '../mm/mm_types.ts';
import { mm_alloc, mmdrop, vm_brk } from '../mm/mmap.ts';
import { switch_mm } from '../mm/tlb.ts';

/** Where a process has its things. */
export interface Process {
  /** address of the mm_struct */
  readonly mm: number;
  /** address of the files_struct */
  readonly files: number;
  /** user address of its private memory */
  readonly base: number;
  /** user address of a page of zeroes that it may not write */
  readonly zeroes: number;
}

/** Makes a process with `bytes` of private memory and the files of `files`, or none open. @context user mode */
export function spawn(bytes: number, files: number): Process {
  kernel_enter();
  const mm = mm_alloc();
  const table = files !== 0 ? files : (files_alloc()?.addr ?? 0);
  const base = mm === null ? -1 : vm_brk(mm, Math.ceil(bytes / PAGE_SIZE));
  const zeroes = mm === null ? -1 : vm_brk(mm, 1, false);
  kernel_exit();
  if (mm === null || base < 0 || zeroes < 0 || table === 0) {
    oops({ kind: 'bug', title: 'no memory for a process: give --arena-mib a larger number' });
  }
  return { mm: mm.addr, files: table, base, zeroes };
}

/** Makes this CPU's task a thread of the process. */
export function become(process: Pick<Process, 'mm' | 'files'>): void {
  switch_mm(process.mm);
  current.files = process.files;
}

/** The process is gone for user space: its contexts end. @context user mode; its last thread */
export function exitContexts(process: Process): void {
  kernel_enter();
  exit_aio(mm_struct.at(process.mm));
  kernel_exit();
}

/** Frees a process whose contexts have ended. @param closeFiles - false where another has the same files */
export function reap(process: Process, closeFiles: boolean): void {
  kernel_enter();
  // A context that is freed late may still unmap its ring.
  flush_workqueue();
  if (closeFiles) files_free(files_struct.at(process.files));
  mmdrop(mm_struct.at(process.mm));
  kernel_exit();
}

/** Waits until all that is to be freed later has been freed. @context user mode */
export function settleKernel(): void {
  kernel_enter();
  for (let i = 0; i < 2; i++) {
    flush_workqueue();
    rcu_barrier();
  }
  kernel_exit();
}
