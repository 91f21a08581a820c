// SPDX-License-Identifier: GPL-2.0-only
/**
 * Address spaces: what a process sees (mm_struct, its mappings, its page table), and what a file's pages are
 * (address_space).
 *
 * A page table entry is the kernel address of the page with flags in its low bits, or 0. While a page moves, its
 * entry is a migration entry, and a user access waits.
 *
 * @linux include/linux/mm_types.h, include/linux/fs.h struct address_space v3.17
 */
import { fnptr } from '../arch/sab/functable.ts';
import { PAGE_SHIFT, TASK_SIZE } from '../arch/sab/memory.ts';
import { cacheline, embed, ptr, s32, struct, u31, u32, type View } from '../arch/sab/struct.ts';
import { mutex } from '../kernel/locking/mutex.ts';
import { spinlock_t } from '../kernel/locking/spinlock.ts';
import { list_head } from '../lib/list.ts';
import type { page } from './page_alloc.ts';

export const PTE_PRESENT = 1;
export const PTE_WRITE = 2;
/** The page is on the move; the rest of the entry is the old page's address. */
export const PTE_MIGRATION = 4;
export const PTE_FLAGS = 0xfff;

/** A page of entries covers so much. */
export const PMD_SHIFT = PAGE_SHIFT + 10;
export const PGD_ENTRIES = TASK_SIZE >>> PMD_SHIFT;

/** Where private memory starts, which is populated at once and never moves. */
export const HEAP_START = 0x0010_0000;
/** Where files are mapped: pages there may move, and entries may go away. */
export const MMAP_BASE = 0x0400_0000;

export const mm_struct = struct('mm_struct', {
  /** serialises changes of the mappings. NOT LINUX: a mutex, not a rw_semaphore */
  mmap_sem: embed(mutex),
  page_table_lock: embed(spinlock_t),
  /** I: address of PGD_ENTRIES pointers to pages of entries */
  pgd: u31,
  /** X(mmap_sem): mappings in order of addresses */
  mmap: embed(list_head),
  /** X(mmap_sem): count */
  map_count: u32,
  /** X(mmap_sem): next address for private memory */
  brk: u32,
  /** X: ioctx_lock for ioctx_table's slots and growth */
  ioctx_lock: cacheline(embed(spinlock_t)),
  /** R: address of the kioctx_table, X(ioctx_lock) for writers */
  ioctx_table: u31,
});
export type mm_struct = View<typeof mm_struct>;

/** Moves a page's contents: (mapping, new, old, mode) -> 0 or -errno. */
export type MigratePage = (mapping: address_space, newpage: page, page: page, mode: number) => number;

export const address_space = struct('address_space', {
  /** protects the page cache's slots */
  tree_lock: embed(spinlock_t),
  /** protects private_data */
  private_lock: embed(spinlock_t),
  /** X(private_lock): the owner's own; for a ring the address of its kioctx */
  private_data: u32,
  i_mmap_mutex: embed(mutex),
  /** X(i_mmap_mutex): mappings of this file, by vm_area_struct.shared */
  i_mmap: embed(list_head),
  /** X(tree_lock): address of an array of pages, in order of their index */
  page_tree: u32,
  /** X(tree_lock): slots in page_tree */
  nrpages: u32,
  /** I: id of the migratepage method, 0 if pages cannot move */
  migratepage: fnptr<MigratePage>(),
});
export type address_space = View<typeof address_space>;

export const vm_area_struct = struct('vm_area_struct', {
  /** I: first user address */
  vm_start: u32,
  /** I: first user address behind */
  vm_end: u32,
  /** I */
  vm_mm: ptr(() => mm_struct),
  /** I: address of the mapped struct file, 0 for private memory; holds a reference */
  vm_file: u32,
  /** I: the file's pages */
  vm_mapping: ptr(() => address_space),
  /** X(mm.mmap_sem) */
  list: embed(list_head),
  /** X(mapping.i_mmap_mutex) */
  shared: embed(list_head),
  /** I: 1 if user space may write */
  writable: s32,
});
export type vm_area_struct = View<typeof vm_area_struct>;
