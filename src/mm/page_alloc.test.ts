// SPDX-License-Identifier: GPL-2.0-only
/** Pages: references, the free list, runs of pages, and what is wrong with a free page. */
import { beforeEach, describe, expect, it } from 'vitest';
import { load32, PAGE_SIZE, ramEnd, store32 } from '../arch/sab/memory.ts';
import type { Machine } from '../init/machine.ts';
import { boot, kinds, oopsOf } from '../testing/boot.ts';
import {
  alloc_page,
  alloc_pages_exact,
  free_pages_exact,
  get_page,
  get_page_unless_zero,
  lock_page,
  nr_free_pages,
  type page,
  page_address,
  page_count,
  pfn_range,
  pfn_to_page,
  put_page,
  trylock_page,
  unlock_page,
  virt_to_page,
} from './page_alloc.ts';

let machine: Machine;
beforeEach(() => {
  machine = boot();
});
const takeOne = (): page => alloc_page() as page;

describe('pages', () => {
  it('come zeroed, with one reference, and are found by any address inside', () => {
    const p = takeOne();
    const addr = page_address(p);
    expect([addr % PAGE_SIZE, page_count(p), load32(addr), load32(addr + PAGE_SIZE - 4)]).toEqual([0, 1, 0, 0]);
    expect(virt_to_page(addr)).toEqual(p);
    expect(virt_to_page(addr + 4095)).toEqual(p);
    store32(addr, 7);
    put_page(p);
    for (let i = nr_free_pages(); i > 0; i--) expect(load32(page_address(takeOne()))).toBe(0);
    expect(alloc_page()).toBeNull();
  });
  it('are freed by the last reference', () => {
    const free = nr_free_pages();
    const p = takeOne();
    get_page(p);
    expect(get_page_unless_zero(p)).toBe(true);
    put_page(p);
    put_page(p);
    expect(nr_free_pages()).toBe(free - 1);
    put_page(p);
    expect(nr_free_pages()).toBe(free);
    expect(get_page_unless_zero(p)).toBe(false);
  });
  it('rest as long as possible before they are used again', () => {
    const p = takeOne();
    put_page(p);
    for (let i = nr_free_pages(); i > 1; i--) expect(takeOne()).not.toEqual(p);
    expect(takeOne()).toEqual(p);
  });
  it('that are free have no references to take or drop, and no contents', () => {
    const p = takeOne();
    put_page(p);
    expect(oopsOf(machine, () => get_page(p)).kind).toBe('refcount:page');
    expect(oopsOf(machine, () => load32(page_address(p)))).toMatchObject({
      kind: 'kasan:use-after-free',
      title: 'KASAN: page-use-after-free of page',
    });
    expect(oopsOf(machine, () => put_page(p)).kind).toBe('refcount:page');
  });
  it('should not be freed while a page cache has them', () => {
    const p = takeOne();
    p.mapping = 0x4000_1000;
    put_page(p);
    expect(kinds(machine)).toEqual(['refcount:page']);
  });
  it('are locked by one', () => {
    const p = takeOne();
    lock_page(p);
    expect(trylock_page(p)).toBe(false);
    unlock_page(p);
    expect(trylock_page(p)).toBe(true);
  });
  it('are all of RAM behind the boot', () => {
    const [first, end] = pfn_range();
    expect(nr_free_pages()).toBeLessThanOrEqual(end - first);
    expect(page_address(pfn_to_page(end - 1)) + PAGE_SIZE).toBe(ramEnd());
  });
});

describe('runs of pages', () => {
  it('are in a row, zeroed, and come back', () => {
    const free = nr_free_pages();
    const a = alloc_pages_exact(3);
    const b = alloc_pages_exact(4);
    expect([a % PAGE_SIZE, b % PAGE_SIZE]).toEqual([0, 0]);
    expect(b + 4 * PAGE_SIZE <= a || a + 3 * PAGE_SIZE <= b).toBe(true);
    expect(nr_free_pages()).toBe(free - 7);
    store32(a + 3 * PAGE_SIZE - 4, 1);
    free_pages_exact(a, 3);
    free_pages_exact(b, 4);
    expect(nr_free_pages()).toBe(free);
  });
  it('need a hole that is long enough', () => {
    const pages: number[] = [];
    for (let p = alloc_page(); p !== null; p = alloc_page()) pages.push(p.addr);
    const [first, end] = pfn_range();
    for (let pfn = first; pfn < end; pfn++) {
      const p = pfn_to_page(pfn);
      if (pfn % 3 !== 0 && pages.includes(p.addr)) put_page(p);
    }
    expect(nr_free_pages()).toBeGreaterThan(100);
    expect(alloc_pages_exact(3)).toBe(0);
    const two = alloc_pages_exact(2);
    expect(two).not.toBe(0);
    expect(nr_free_pages()).toBeGreaterThan(0);
    expect(alloc_pages_exact(1)).not.toBe(two);
  });
});
