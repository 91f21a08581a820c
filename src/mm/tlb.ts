// SPDX-License-Identifier: GPL-2.0-only
/**
 * What this CPU remembers of the page table: where the pages of the current process's private memory are. They are
 * there from the start, never move, and go with their mm (mm_types.ts), so nobody has to tell this CPU to forget them;
 * another mm has other pages, so switching forgets all. Pages that may move are looked up each time (uaccess.ts).
 *
 * Outside of RAM, as in a processor.
 *
 * @linux arch/x86/include/asm/mmu_context.h switch_mm(), arch/x86/mm/tlb.c v3.17
 */
import { PAGE_SHIFT, PAGE_SIZE } from '../arch/sab/memory.ts';
import { current } from '../kernel/sched/core.ts';

const ENTRIES = 64;
const NONE = -1;
/** Number of the page, or NONE. */
const pages = new Int32Array(new ArrayBuffer(4 * ENTRIES)).fill(NONE);
/** Kernel address of the page. */
const frames = new Int32Array(new ArrayBuffer(4 * ENTRIES));

/** The kernel address behind a user address, for any access; 0 if this CPU does not know it. */
export function tlb_lookup(va: number): number {
  const page = va >>> PAGE_SHIFT;
  const entry = page & (ENTRIES - 1);
  return pages[entry] === page ? ((frames[entry] as number) + (va & (PAGE_SIZE - 1))) | 0 : 0;
}

/** @param frame - kernel address of a page of private memory that may be read and written */
export function tlb_insert(va: number, frame: number): void {
  const page = va >>> PAGE_SHIFT;
  const entry = page & (ENTRIES - 1);
  pages[entry] = page;
  frames[entry] = frame;
}

export function local_flush_tlb(): void {
  pages.fill(NONE);
}

/** Gives this CPU's task an address space. @param mm - address of the mm_struct; 0 for a kernel thread */
export function switch_mm(mm: number): void {
  current.mm = mm;
  local_flush_tlb();
}
