// SPDX-License-Identifier: GPL-2.0-only
/**
 * Mappings: private memory, which is populated at once, and shared mappings of a file's pages.
 *
 * NOT LINUX: no demand paging; mmap installs every entry.
 * @linux mm/mmap.c, mm/memory.c unmap_mapping_range(), mm/truncate.c v3.17
 */
import type { Addr } from '../arch/sab/memory.ts';
import { load32, PAGE_SIZE, store32, TASK_SIZE } from '../arch/sab/memory.ts';
import { container_of, ptrAt } from '../arch/sab/struct.ts';
import { mutex_init, mutex_lock, mutex_unlock } from '../kernel/locking/mutex.ts';
import { spin_lock_init, spin_lock_irqsave, spin_unlock_irqrestore } from '../kernel/locking/spinlock.ts';
import { INIT_LIST_HEAD, list_add_tail, list_del, list_empty, type list_head, list_next } from '../lib/list.ts';
import { EINVAL, ENOMEM } from '../uapi/errno.ts';
import {
  type address_space,
  HEAP_START,
  MMAP_BASE,
  mm_struct,
  PTE_FLAGS,
  PTE_PRESENT,
  PTE_WRITE,
  vm_area_struct,
} from './mm_types.ts';
import {
  alloc_page,
  get_page,
  lock_page,
  page,
  page_address,
  put_page,
  unlock_page,
  virt_to_page,
} from './page_alloc.ts';
import { flush_tlb, pgd_alloc, pgd_free, pte_alloc, pte_offset, set_pte } from './pagetable.ts';
import { defineCache, kfree, kmem_cache_alloc, kmem_cache_free, kzalloc, SLAB_HWCACHE_ALIGN } from './slab.ts';

const mm_cachep = defineCache('mm_struct', mm_struct, SLAB_HWCACHE_ALIGN);
const vma_cachep = defineCache('vm_area_struct', vm_area_struct);

/** Tells the file layer of references that mappings hold; set by fs/file.ts. */
let file_get: (file: number) => void = () => {};
let file_put: (file: number) => void = () => {};
export function setMappedFileOps(get: typeof file_get, put: typeof file_put): void {
  file_get = get;
  file_put = put;
}

/** An empty address space, null if memory is out. */
export function mm_alloc(): mm_struct | null {
  const addr = kmem_cache_alloc(mm_cachep);
  if (addr === 0) return null;
  const mm = mm_struct.at(addr);
  mutex_init(mm.mmap_sem, 'mmap_sem');
  spin_lock_init(mm.page_table_lock, 'page_table_lock');
  spin_lock_init(mm.ioctx_lock, 'ioctx_lock');
  INIT_LIST_HEAD(mm.mmap);
  mm.brk = HEAP_START;
  if (pgd_alloc(mm) !== 0) {
    kmem_cache_free(mm_cachep, addr);
    return null;
  }
  return mm;
}

/** Frees private memory, what there is of it. */
function free_private(mm: mm_struct, start: number, end: number): void {
  for (let va = start; va < end; va += PAGE_SIZE) {
    const pte = pte_offset(mm.pgd, va);
    const entry = pte === 0 ? 0 : load32(pte);
    if ((entry & PTE_PRESENT) === 0) continue;
    set_pte(mm, pte, 0);
    put_page(virt_to_page(entry & ~PTE_FLAGS));
  }
}

/** Frees an address space that nobody uses, with all that is mapped. @context may sleep */
export function mmdrop(mm: mm_struct): void {
  mutex_lock(mm.mmap_sem);
  while (!list_empty(mm.mmap)) remove_vma(mm, container_of(list_next(mm.mmap), vm_area_struct, 'list'));
  mutex_unlock(mm.mmap_sem);
  free_private(mm, HEAP_START, mm.brk);
  pgd_free(mm);
  kmem_cache_free(mm_cachep, mm.addr);
}

/**
 * Private memory: `pages` pages, followed by one that is never mapped.
 * @returns the user address, or -ENOMEM
 * @context may sleep @locks takes mmap_sem
 */
export function vm_brk(mm: mm_struct, pages: number, writable = true): number {
  mutex_lock(mm.mmap_sem);
  const start = mm.brk;
  let ret = start;
  if (start + (pages + 1) * PAGE_SIZE > MMAP_BASE) ret = -ENOMEM;
  for (let i = 0; ret >= 0 && i < pages; i++) {
    const pte = pte_alloc(mm, start + i * PAGE_SIZE);
    const p = pte === 0 ? null : alloc_page();
    if (p === null) ret = -ENOMEM;
    else set_pte(mm, pte, page_address(p) | PTE_PRESENT | (writable ? PTE_WRITE : 0));
  }
  if (ret >= 0) mm.brk = start + (pages + 1) * PAGE_SIZE;
  else free_private(mm, start, Math.min(MMAP_BASE, start + pages * PAGE_SIZE));
  mutex_unlock(mm.mmap_sem);
  return ret;
}

/** Lowest free range of the mapping area, and the mapping to insert before. */
function get_unmapped_area(mm: mm_struct, bytes: number): { start: number; before: Addr<list_head> } | null {
  let start = MMAP_BASE;
  let entry = list_next(mm.mmap);
  for (; entry !== mm.mmap; entry = list_next(entry)) {
    const vma = container_of(entry, vm_area_struct, 'list');
    if (vma.vm_start - start >= bytes) break;
    start = vma.vm_end;
  }
  return start + bytes <= TASK_SIZE ? { start, before: entry } : null;
}

/**
 * Maps all pages of a file, shared and writable.
 * @returns the user address, or -ENOMEM
 * @context may sleep @locks mm.mmap_sem held; takes i_mmap_mutex, page locks, tree_lock
 */
export function do_mmap_file(mm: mm_struct, file: number, mapping: address_space, bytes: number): number {
  const area = get_unmapped_area(mm, bytes);
  if (area === null) return -ENOMEM;
  for (let va = area.start; va < area.start + bytes; va += PAGE_SIZE) if (pte_alloc(mm, va) === 0) return -ENOMEM;
  const addr = kmem_cache_alloc(vma_cachep);
  if (addr === 0) return -ENOMEM;
  const vma = vm_area_struct.at(addr);
  vma.vm_start = area.start;
  vma.vm_end = area.start + bytes;
  vma.vm_mm = mm;
  vma.vm_file = file;
  vma.vm_mapping = mapping;
  vma.writable = 1;
  file_get(file);
  list_add_tail(vma.list, area.before);
  mm.map_count += 1;
  mutex_lock(mapping.i_mmap_mutex);
  list_add_tail(vma.shared, mapping.i_mmap);
  mutex_unlock(mapping.i_mmap_mutex);
  for (let va = area.start; va < vma.vm_end; va += PAGE_SIZE) {
    install_page(mm, mapping, (va - area.start) / PAGE_SIZE, pte_offset(mm.pgd, va));
  }
  return area.start;
}

/** Enters a page of the cache into a page table. The page lock keeps migration away. @context may sleep */
function install_page(mm: mm_struct, mapping: address_space, index: number, pte: number): void {
  for (;;) {
    const p = find_get_page(mapping, index);
    if (p === null) return;
    lock_page(p);
    const ours = p.mapping === mapping.addr;
    if (ours) set_pte(mm, pte, page_address(p) | PTE_PRESENT | PTE_WRITE);
    unlock_page(p);
    put_page(p);
    if (ours) return;
  }
}

/** Unmaps one mapping. @locks mm.mmap_sem held; takes i_mmap_mutex */
function remove_vma(mm: mm_struct, vma: vm_area_struct): void {
  const mapping = vma.vm_mapping;
  if (mapping !== null) {
    mutex_lock(mapping.i_mmap_mutex);
    list_del(vma.shared);
    zap_range(vma, vma.vm_start, vma.vm_end);
    mutex_unlock(mapping.i_mmap_mutex);
  }
  list_del(vma.list);
  mm.map_count -= 1;
  if (vma.vm_file !== 0) file_put(vma.vm_file);
  kmem_cache_free(vma_cachep, vma.addr);
}

function zap_range(vma: vm_area_struct, start: number, end: number): void {
  const mm = vma.vm_mm as mm_struct;
  for (let va = start; va < end; va += PAGE_SIZE) {
    const pte = pte_offset(mm.pgd, va);
    if (pte !== 0 && load32(pte) !== 0) set_pte(mm, pte, 0);
  }
  flush_tlb();
}

/** Unmaps the mapping that starts at `start`. @returns 0 or -EINVAL @context may sleep @locks takes mmap_sem */
export function vm_munmap(mm: mm_struct, start: number, bytes: number): number {
  mutex_lock(mm.mmap_sem);
  let ret = -EINVAL;
  for (let entry = list_next(mm.mmap); entry !== mm.mmap; entry = list_next(entry)) {
    const vma = container_of(entry, vm_area_struct, 'list');
    if (vma.vm_start !== start || vma.vm_end !== start + bytes) continue;
    remove_vma(mm, vma);
    ret = 0;
    break;
  }
  mutex_unlock(mm.mmap_sem);
  return ret;
}

/** Zaps every user entry of a file. @context may sleep @locks takes i_mmap_mutex */
function unmap_mapping_range(mapping: address_space): void {
  mutex_lock(mapping.i_mmap_mutex);
  for (let entry = list_next(mapping.i_mmap); entry !== mapping.i_mmap; entry = list_next(entry)) {
    const vma = container_of(entry, vm_area_struct, 'shared');
    zap_range(vma, vma.vm_start, vma.vm_end);
  }
  mutex_unlock(mapping.i_mmap_mutex);
}

/** @returns 0 or -ENOMEM */
export function address_space_init(mapping: address_space, nrpages: number): number {
  spin_lock_init(mapping.tree_lock, 'tree_lock');
  spin_lock_init(mapping.private_lock, 'private_lock');
  mutex_init(mapping.i_mmap_mutex, 'i_mmap_mutex');
  INIT_LIST_HEAD(mapping.i_mmap);
  mapping.page_tree = kzalloc(4 * nrpages);
  mapping.nrpages = nrpages;
  return mapping.page_tree === 0 ? -ENOMEM : 0;
}

/** Frees what address_space_init() made; its pages must be gone. */
export function address_space_exit(mapping: address_space): void {
  kfree(mapping.page_tree);
  mapping.page_tree = 0;
}

/** A page of the cache with a reference, or null. @locks takes tree_lock */
export function find_get_page(mapping: address_space, index: number): page | null {
  const flags = spin_lock_irqsave(mapping.tree_lock);
  const p = index < mapping.nrpages ? ptrAt(mapping.page_tree, index, page) : null;
  // In the cache it has the cache's reference, which goes only under tree_lock.
  if (p !== null) get_page(p);
  spin_unlock_irqrestore(mapping.tree_lock, flags);
  return p;
}

/**
 * A new page in the cache, locked, with a reference for the caller beside the cache's; null if memory is out.
 * NOT LINUX: there is none at `index` yet.
 */
export function find_or_create_page(mapping: address_space, index: number): page | null {
  const p = alloc_page();
  if (p === null) return null;
  get_page(p);
  lock_page(p);
  const flags = spin_lock_irqsave(mapping.tree_lock);
  p.mapping = mapping.addr;
  p.index = index;
  store32(mapping.page_tree + 4 * index, p.addr);
  spin_unlock_irqrestore(mapping.tree_lock, flags);
  return p;
}

/** Takes every page out of the cache and out of user space. Waits for migrations of them. @context may sleep */
export function truncate_setsize(mapping: address_space): void {
  unmap_mapping_range(mapping);
  for (let index = 0; index < mapping.nrpages; index++) {
    for (;;) {
      const p = find_get_page(mapping, index);
      if (p === null) break;
      lock_page(p);
      // It may have moved while we waited; its successor is in the slot then.
      const ours = p.mapping === mapping.addr;
      if (ours) {
        const flags = spin_lock_irqsave(mapping.tree_lock);
        store32(mapping.page_tree + 4 * index, 0);
        p.mapping = 0;
        spin_unlock_irqrestore(mapping.tree_lock, flags);
      }
      unlock_page(p);
      put_page(p);
      if (!ours) continue;
      put_page(p);
      break;
    }
  }
  // Again: a migration that ended in between has put its entries back.
  unmap_mapping_range(mapping);
}
