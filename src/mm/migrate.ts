// SPDX-License-Identifier: GPL-2.0-only
/**
 * Page migration: moves the contents of a page to another page, under the feet of its users.
 *
 *   lock the page
 *   every user entry becomes a migration entry; wait out user accesses (shoot-down)
 *   mapping->migratepage(): the file system swaps the page cache's slot and copies
 *   every migration entry becomes an entry for the new page, or for the old one if it failed
 *   unlock
 *
 * So user space never touches the old page during the copy; who may is only the kernel, by pointers of its own.
 *
 * @linux mm/migrate.c unmap_and_move(), migrate_page_move_mapping() v3.17
 */
import { atomic_read, atomic_set, cmpxchg } from '../arch/sab/atomic.ts';
import { fnOf } from '../arch/sab/functable.ts';
import { copy_page, load32, PAGE_SIZE, store32 } from '../arch/sab/memory.ts';
import { container_of } from '../arch/sab/struct.ts';
import { mutex_lock, mutex_unlock } from '../kernel/locking/mutex.ts';
import { spin_lock_irqsave, spin_unlock_irqrestore } from '../kernel/locking/spinlock.ts';
import { list_next } from '../lib/list.ts';
import { TP } from '../trace/events.ts';
import { trace } from '../trace/flight_recorder.ts';
import { EAGAIN, EINVAL, ENOMEM } from '../uapi/errno.ts';
import { address_space, type mm_struct, PTE_MIGRATION, PTE_PRESENT, PTE_WRITE, vm_area_struct } from './mm_types.ts';
import {
  alloc_page,
  get_page,
  get_page_unless_zero,
  type page,
  page_address,
  put_page,
  trylock_page,
  unlock_page,
  virt_to_page,
} from './page_alloc.ts';
import { flush_tlb, pte_offset, replace_pte } from './pagetable.ts';
import { user_done, user_to_kernel } from './uaccess.ts';

export const MIGRATE_SYNC = 2;
export const MIGRATEPAGE_SUCCESS = 0;

/**
 * Puts `newpage` into the old page's slot of the page cache, if nobody but the cache, the owner's `extra_count`
 * references and the migration itself uses the old page. Moves the cache's reference.
 *
 * @returns 0 or -EAGAIN
 * @locks the old page is locked; takes tree_lock
 */
export function migrate_page_move_mapping(
  mapping: address_space,
  newpage: page,
  old: page,
  extra_count: number,
): number {
  const expected = 2 + extra_count;
  const flags = spin_lock_irqsave(mapping.tree_lock);
  let rc = -EAGAIN;
  unlock: {
    const slot = mapping.page_tree + 4 * old.index;
    if (load32(slot) !== old.addr || atomic_read(old._count) !== expected) break unlock;
    // Frozen: nobody can get a reference to the old page while the slot changes.
    if (cmpxchg(old._count, expected, 0) !== expected) break unlock;
    get_page(newpage);
    newpage.index = old.index;
    newpage.mapping = old.mapping;
    store32(slot, newpage.addr);
    atomic_set(old._count, expected - 1);
    rc = MIGRATEPAGE_SUCCESS;
  }
  spin_unlock_irqrestore(mapping.tree_lock, flags);
  return rc;
}

/** Copies the contents. */
export function migrate_page_copy(newpage: page, old: page): void {
  copy_page(page_address(newpage), page_address(old));
}

/** Calls `f` with each user entry for a page of the mapping. @locks takes i_mmap_mutex */
function rmap_walk(mapping: address_space, index: number, f: (mm: mm_struct, pte: number) => void): void {
  mutex_lock(mapping.i_mmap_mutex);
  for (let entry = list_next(mapping.i_mmap); entry !== mapping.i_mmap; entry = list_next(entry)) {
    const vma = container_of(entry, vm_area_struct, 'shared');
    const mm = vma.vm_mm as mm_struct;
    const pte = pte_offset(mm.pgd, vma.vm_start + index * PAGE_SIZE);
    if (pte !== 0) f(mm, pte);
  }
  mutex_unlock(mapping.i_mmap_mutex);
}

/** Makes every user entry for the page a migration entry, and waits until no CPU uses one it read before. */
function try_to_unmap(mapping: address_space, old: page): void {
  const address = page_address(old);
  rmap_walk(mapping, old.index, (mm, pte) => {
    replace_pte(mm, pte, address | PTE_PRESENT | PTE_WRITE, address | PTE_MIGRATION);
  });
  flush_tlb();
}

/** Makes every migration entry for the old page an entry for `target`. */
function remove_migration_ptes(mapping: address_space, index: number, old: page, target: page): void {
  const address = page_address(old);
  rmap_walk(mapping, index, (mm, pte) => {
    replace_pte(mm, pte, address | PTE_MIGRATION, page_address(target) | PTE_PRESENT | PTE_WRITE);
  });
}

/**
 * Moves one page somewhere else, if it is of a file that can.
 *
 * @returns 0, -EAGAIN (try later), -EINVAL (not a page that moves), -ENOMEM
 * @context may sleep
 */
export function migrate_page(old: page): number {
  // Isolation: the page must not be freed under us.
  if (!get_page_unless_zero(old)) return -EINVAL;
  if (!trylock_page(old)) {
    put_page(old);
    return -EAGAIN;
  }
  let rc = -EINVAL;
  const mapping = address_space.from(old.mapping);
  if (mapping !== null && mapping.migratepage !== 0) {
    const newpage = alloc_page();
    rc = newpage === null ? -ENOMEM : move_to_new_page(mapping, newpage, old);
    if (newpage !== null) put_page(newpage);
  }
  unlock_page(old);
  put_page(old);
  return rc;
}

/**
 * NOT LINUX: Linux clears newpage.mapping when migratepage() fails. The aio_migratepage() of before fa8a53c39f3f can
 * fail after the page cache has the new page; truncation would then wait for ever for a page that is not the mapping's.
 */
function move_to_new_page(mapping: address_space, newpage: page, old: page): number {
  const index = old.index;
  // NOT LINUX: a BUG() there. Here another migrator may look for a moment at a page that it chose before it was freed.
  if (!trylock_page(newpage)) return -EAGAIN;
  try_to_unmap(mapping, old);
  const rc = fnOf(mapping.migratepage)(mapping, newpage, old, MIGRATE_SYNC);
  if (rc === MIGRATEPAGE_SUCCESS) old.mapping = 0;
  else trace(TP.migrate_fail, old.addr, rc);
  remove_migration_ptes(mapping, index, old, rc === MIGRATEPAGE_SUCCESS ? newpage : old);
  unlock_page(newpage);
  return rc;
}

/**
 * Moves the page at a user address of the current mm somewhere else.
 *
 * @returns as migrate_page(); -EINVAL if nothing is mapped there
 * @context may sleep
 * @linux mm/migrate.c do_move_page_to_node_array() v3.17
 */
export function move_page(va: number): number {
  const at = user_to_kernel(va, false);
  if (at === 0) return -EINVAL;
  const p = virt_to_page(at);
  user_done(va);
  // It may be gone by now, or be another's; both are found out under its lock.
  return migrate_page(p);
}
