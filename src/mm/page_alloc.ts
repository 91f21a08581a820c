// SPDX-License-Identifier: GPL-2.0-only
/**
 * Pages: a struct page for each page of RAM, and the allocator that hands them out.
 *
 * Single pages come from the front of one free list and return to its back, so a freed page rests for as long as
 * possible before it is somebody else's. Runs of pages are searched for from the end of RAM.
 *
 * Locks: L = zone.lock.
 * @linux mm/page_alloc.c, include/linux/mm_types.h v3.17
 */
import { PAGE_OFFSET } from '../arch/sab/access.ts';
import { atomic_add_return, atomic_inc, atomic_inc_not_zero, atomic_read, atomic_set } from '../arch/sab/atomic.ts';
import { bss, memblock_alloc, memblock_end } from '../arch/sab/bss.ts';
import { memset_unchecked, PAGE_SHIFT, PAGE_SIZE, ramBytes, ramEnd } from '../arch/sab/memory.ts';
import { atomic_t, cacheline, container_of, embed, struct, u31, u32, type View } from '../arch/sab/struct.ts';
import { mutex, mutex_init, mutex_lock, mutex_trylock, mutex_unlock } from '../kernel/locking/mutex.ts';
import { spin_lock_init, spin_lock_irqsave, spin_unlock_irqrestore, spinlock_t } from '../kernel/locking/spinlock.ts';
import { objectRef } from '../kernel/object_ref.ts';
import { oops, record } from '../kernel/oops.ts';
import { INIT_LIST_HEAD, list_add_tail, list_del_init, list_empty, list_head, list_next } from '../lib/list.ts';
import { fail_alloc } from './fault_inject.ts';
import { KASAN_OK, KASAN_PAGE_FREE, kasan_enabled, kasan_mark } from './kasan.ts';

/** page.flags: it is in the free list. */
const PG_free = 1;

export const page = struct('page', {
  /** A: users; the last put frees it */
  _count: cacheline(atomic_t),
  /** L */
  flags: u32,
  /** page lock: address of the address_space whose cache it is in, 0 if none */
  mapping: u32,
  /** page lock: its number in the mapping */
  index: u32,
  lock: embed(mutex),
  /** L: the free list */
  lru: embed(list_head),
  /** I: the slab cache that owns the page, 0 if none */
  slab_cache: u32,
  /** I: address where the slab or the run of pages begins that the page is part of; pages in the run */
  first: u32,
});
export type page = View<typeof page>;
const PAGE_STRUCT_SHIFT = 6;

const zone_data = struct('zone', {
  lock: embed(spinlock_t),
  free_list: embed(list_head),
  /** L: pages in the free list */
  nr_free: u32,
  /** I: the struct pages, an array in order of addresses */
  mem_map: u31,
  /** I: first page that the allocator owns */
  first_pfn: u31,
});
const zone = bss('zone', zone_data);

const pfn_to_page = (pfn: number): page => page.at(zone.it.mem_map + (pfn << PAGE_STRUCT_SHIFT));

/** The kernel address of the memory of the page whose struct is at `addr`. @linux page_address(), kmap_atomic() */
export const kmap_atomic = (addr: number): number =>
  (PAGE_OFFSET + (((addr - zone.it.mem_map) >>> PAGE_STRUCT_SHIFT) << PAGE_SHIFT)) | 0;
export const page_address = (p: page): number => kmap_atomic(p.addr);

export const virt_to_page = (addr: number): page => pfn_to_page((addr - PAGE_OFFSET) >>> PAGE_SHIFT);

/** Page frame numbers that the allocator owns: [first, end). */
export const pfn_range = (): [number, number] => [zone.it.first_pfn, ramBytes() >>> PAGE_SHIFT];
export { pfn_to_page };

/** Gives all RAM behind memblock to the allocator. @context boot, last of the boot-time allocations */
export function page_alloc_init(): void {
  if (page.sizeof !== 1 << PAGE_STRUCT_SHIFT) throw new Error(`struct page has ${page.sizeof} bytes`);
  const z = zone.it;
  const end = ramBytes() >>> PAGE_SHIFT;
  z.mem_map = memblock_alloc(end << PAGE_STRUCT_SHIFT, PAGE_SIZE);
  z.first_pfn = (memblock_end() - PAGE_OFFSET + PAGE_SIZE - 1) >>> PAGE_SHIFT;
  spin_lock_init(z.lock, 'zone.lock');
  INIT_LIST_HEAD(z.free_list);
  for (let pfn = z.first_pfn; pfn < end; pfn++) {
    const p = pfn_to_page(pfn);
    mutex_init(p.lock, 'page_lock');
    p.flags = PG_free;
    list_add_tail(p.lru, z.free_list);
  }
  z.nr_free = end - z.first_pfn;
  const start = PAGE_OFFSET + (z.first_pfn << PAGE_SHIFT);
  if (kasan_enabled()) kasan_mark(start, ramEnd() - start, KASAN_PAGE_FREE);
}

function takePage(p: page): void {
  list_del_init(p.lru);
  p.flags = 0;
  p.mapping = 0;
  p.index = 0;
  p.slab_cache = 0;
  p.first = 0;
}

/** A page with one reference, zeroed; null if there is none left. @context any; does not sleep */
export function alloc_page(): page | null {
  if (fail_alloc.should_fail?.()) return null;
  const z = zone.it;
  const flags = spin_lock_irqsave(z.lock);
  const free = list_empty(z.free_list) ? null : container_of(list_next(z.free_list), page, 'lru');
  if (free !== null) {
    takePage(free);
    z.nr_free -= 1;
  }
  spin_unlock_irqrestore(z.lock, flags);
  if (free === null) return null;
  atomic_set(free._count, 1);
  kasan_mark(page_address(free), PAGE_SIZE, KASAN_OK);
  memset_unchecked(page_address(free), 0, PAGE_SIZE);
  return free;
}

/**
 * `count` pages in a row, each with one reference, zeroed.
 *
 * @returns the address of the first, 0 if there is no such run
 */
export function alloc_pages_exact(count: number): number {
  if (fail_alloc.should_fail?.()) return 0;
  const z = zone.it;
  const flags = spin_lock_irqsave(z.lock);
  let run = 0;
  let pfn = (ramBytes() >>> PAGE_SHIFT) - 1;
  for (; pfn >= z.first_pfn && run < count; pfn--) run = pfn_to_page(pfn).flags & PG_free ? run + 1 : 0;
  const found = run === count;
  const first = pfn + 1;
  if (found) {
    for (let i = 0; i < count; i++) takePage(pfn_to_page(first + i));
    z.nr_free -= count;
  }
  spin_unlock_irqrestore(z.lock, flags);
  if (!found) return 0;
  const addr = PAGE_OFFSET + (first << PAGE_SHIFT);
  for (let i = 0; i < count; i++) {
    const p = pfn_to_page(first + i);
    p.first = addr;
    atomic_set(p._count, 1);
  }
  kasan_mark(addr, count * PAGE_SIZE, KASAN_OK);
  memset_unchecked(addr, 0, count * PAGE_SIZE);
  return addr;
}

/** Gives back a run of alloc_pages_exact(). */
export function free_pages_exact(addr: number, count: number): void {
  for (let i = 0; i < count; i++) put_page(virt_to_page(addr + i * PAGE_SIZE));
}

export function get_page(p: page): void {
  if (atomic_read(p._count) <= 0) {
    oops({ kind: 'refcount:page', title: 'get_page() of a free page', objects: [objectRef('page', p.addr)] });
  }
  atomic_inc(p._count);
}

/** Takes a reference unless the page is free. @returns whether it did */
export const get_page_unless_zero = (p: page): boolean => atomic_inc_not_zero(p._count);

/** Drops a reference; the last one frees the page. @context any; does not sleep */
export function put_page(p: page): void {
  const count = atomic_add_return(-1, p._count);
  if (count > 0) return;
  if (count < 0) {
    oops({ kind: 'refcount:page', title: 'put_page() of a free page', objects: [objectRef('page', p.addr)] });
  }
  if (p.mapping !== 0) {
    record({
      kind: 'refcount:page',
      title: 'a page is freed while it is in a page cache',
      objects: [objectRef('page', p.addr)],
    });
  }
  if (kasan_enabled()) {
    memset_unchecked(page_address(p), 0x6b, PAGE_SIZE);
    kasan_mark(page_address(p), PAGE_SIZE, KASAN_PAGE_FREE);
  }
  const z = zone.it;
  const flags = spin_lock_irqsave(z.lock);
  p.flags = PG_free;
  list_add_tail(p.lru, z.free_list);
  z.nr_free += 1;
  spin_unlock_irqrestore(z.lock, flags);
}

export const page_count = (p: page): number => atomic_read(p._count);

/** @context may sleep */
export const lock_page = (p: page): void => mutex_lock(p.lock);
export const trylock_page = (p: page): boolean => mutex_trylock(p.lock);
export const unlock_page = (p: page): void => mutex_unlock(p.lock);

export const nr_free_pages = (): number => zone.it.nr_free;
