// SPDX-License-Identifier: GPL-2.0-only
/** Faults of the machine that a trace asks for. */
import { TASK_SIZE } from '../../../src/arch/sab/memory.ts';
import { container_of } from '../../../src/arch/sab/struct.ts';
import { kernel_enter, kernel_exit } from '../../../src/kernel/sched/core.ts';
import { list_add_tail, list_del, list_next } from '../../../src/lib/list.ts';
import { MMAP_BASE, type mm_struct, vm_area_struct } from '../../../src/mm/mm_types.ts';
import { alloc_page, nr_free_pages, type page, put_page } from '../../../src/mm/page_alloc.ts';
import { kfree, kzalloc } from '../../../src/mm/slab.ts';
import { TraceError } from '../trace/trace.ts';

/** Something that is mapped nowhere, but stands where it could be. @param before - list head to stand before */
function occupy(mm: mm_struct, start: number, end: number, before: vm_area_struct['list']): vm_area_struct {
  const addr = kzalloc(vm_area_struct.sizeof);
  if (addr === 0) throw new TraceError('the port is out of memory');
  const vma = vm_area_struct.at(addr);
  vma.vm_start = start;
  vma.vm_end = end;
  vma.vm_mm = mm;
  list_add_tail(vma.list, before);
  return vma;
}

/** Calls `f` while no part of the address space is free for a mapping. @context user mode */
export function withoutRoomToMap<T>(mm: mm_struct, f: () => T): T {
  kernel_enter();
  const fillers: vm_area_struct[] = [];
  let start = MMAP_BASE;
  for (let entry = list_next(mm.mmap); entry !== mm.mmap; entry = list_next(entry)) {
    const { vm_start, vm_end } = container_of(entry, vm_area_struct, 'list');
    if (vm_start > start) fillers.push(occupy(mm, start, vm_start, entry as vm_area_struct['list']));
    start = vm_end;
  }
  fillers.push(occupy(mm, start, TASK_SIZE, mm.mmap));
  kernel_exit();
  const ret = f();
  kernel_enter();
  for (const vma of fillers) {
    list_del(vma.list);
    kfree(vma.addr);
  }
  kernel_exit();
  return ret;
}

/** Calls `f` while no more than so many pages are free. @context user mode */
export function withFreePages<T>(left: number, f: () => T): T {
  const taken: page[] = [];
  kernel_enter();
  while (nr_free_pages() > left) taken.push(alloc_page() as page);
  kernel_exit();
  const ret = f();
  kernel_enter();
  for (const p of taken) put_page(p);
  kernel_exit();
  return ret;
}
