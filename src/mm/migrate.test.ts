// SPDX-License-Identifier: GPL-2.0-only
/**
 * Mapped files and page migration in one thread, on a mapping of its own. Races: testing/primitives.slow.test.ts.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { fn } from '../arch/sab/functable.ts';
import { load32, PAGE_SIZE, store32 } from '../arch/sab/memory.ts';
import { ptrAt } from '../arch/sab/struct.ts';
import { alloc_file, defineFops, type file, fput } from '../fs/file.ts';
import type { Machine } from '../init/machine.ts';
import { mutex_lock, mutex_unlock } from '../kernel/locking/mutex.ts';
import { boot, kinds } from '../testing/boot.ts';
import { EAGAIN, EINVAL } from '../uapi/errno.ts';
import { migrate_page, migrate_page_copy, migrate_page_move_mapping } from './migrate.ts';
import { address_space, MMAP_BASE, type mm_struct } from './mm_types.ts';
import {
  address_space_init,
  do_mmap_file,
  find_get_page,
  find_or_create_page,
  mm_alloc,
  mmdrop,
  truncate_setsize,
  vm_munmap,
} from './mmap.ts';
import {
  get_page,
  lock_page,
  nr_free_pages,
  page,
  page_address,
  page_count,
  put_page,
  unlock_page,
} from './page_alloc.ts';
import { kzalloc, slabPages } from './slab.ts';
import { switch_mm } from './tlb.ts';
import { get_user, put_user, user_fault } from './uaccess.ts';

const PAGES = 3;
const fops = defineFops({ name: 'test_mapped' });
let refuse = 0;
const test_migratepage = fn('test_migratepage', (mapping: address_space, newpage: page, old: page) => {
  if (refuse !== 0) return refuse;
  const rc = migrate_page_move_mapping(mapping, newpage, old, 0);
  if (rc === 0) migrate_page_copy(newpage, old);
  return rc;
});

function refuseWith(rc: number): void {
  refuse = rc;
}
function setMethod(id: address_space['migratepage']): void {
  mapping.migratepage = id;
}

let machine: Machine;
let mm: mm_struct;
let mapping: address_space;
let filp: file;
let va: number;
let free: number;
const atRest = (): number => nr_free_pages() + slabPages();
const cached = (i: number): page => ptrAt(mapping.page_tree, i, page) as page;

beforeEach(() => {
  machine = boot();
  refuse = 0;
  mm = mm_alloc() as mm_struct;
  switch_mm(mm.addr);
  mapping = address_space.at(kzalloc(address_space.sizeof));
  address_space_init(mapping, PAGES);
  mapping.migratepage = test_migratepage;
  filp = alloc_file(fops, 3, mapping) as file;
  free = atRest();
  for (let i = 0; i < PAGES; i++) {
    const p = find_or_create_page(mapping, i) as page;
    unlock_page(p);
    put_page(p);
  }
  va = map();
});

function map(): number {
  mutex_lock(mm.mmap_sem);
  const start = do_mmap_file(mm, filp.addr, mapping, PAGES * PAGE_SIZE);
  mutex_unlock(mm.mmap_sem);
  return start;
}

describe('a mapped file', () => {
  it('is seen alike by the kernel and by each mapping', () => {
    const second = map();
    expect([va, second]).toEqual([MMAP_BASE, MMAP_BASE + PAGES * PAGE_SIZE]);
    put_user(7, va + PAGE_SIZE + 8);
    expect([get_user(second + PAGE_SIZE + 8), load32(page_address(cached(1)) + 8)]).toEqual([7, 7]);
    expect(mm.map_count).toBe(2);
  });
  it('is gone after munmap, which wants the whole of a mapping', () => {
    expect(vm_munmap(mm, va, PAGE_SIZE)).toBe(-EINVAL);
    expect(vm_munmap(mm, va, PAGES * PAGE_SIZE)).toBe(0);
    expect(vm_munmap(mm, va, PAGES * PAGE_SIZE)).toBe(-EINVAL);
    get_user(va);
    expect(user_fault()).toBe(true);
    expect(map()).toBe(va);
  });
  it('has no pages after a truncation, in no mapping', () => {
    truncate_setsize(mapping);
    for (let i = 0; i < PAGES; i++) {
      get_user(va + i * PAGE_SIZE);
      expect([user_fault(), find_get_page(mapping, i)]).toEqual([true, null]);
    }
    vm_munmap(mm, va, PAGES * PAGE_SIZE);
    switch_mm(0);
    expect(kinds(machine)).toEqual([]);
  });
  it('loses no page, whatever the order', () => {
    expect(migrate_page(cached(0))).toBe(0);
    truncate_setsize(mapping);
    switch_mm(0);
    mmdrop(mm);
    fput(filp);
    expect(atRest()).toBe(free);
    expect(kinds(machine)).toEqual([]);
  });
});

describe('migration', () => {
  it('moves the contents, and every user of the page', () => {
    const second = map();
    put_user(1, va + 4);
    const old = cached(0);
    expect(migrate_page(old)).toBe(0);
    const next = cached(0);
    expect(next).not.toEqual(old);
    expect([page_count(old), page_count(next), next.index, old.mapping]).toEqual([0, 1, 0, 0]);
    put_user(get_user(va + 4) + 1, second + 4);
    expect([load32(page_address(next) + 4), get_user(va + 4)]).toEqual([2, 2]);
    expect(kinds(machine)).toEqual([]);
  });
  it.each<[string, number, () => void, () => void]>([
    ['the method refuses', -EAGAIN, () => refuseWith(-EAGAIN), () => refuseWith(0)],
    ['somebody else has the page', -EAGAIN, () => get_page(cached(0)), () => put_page(cached(0))],
    ['the page is locked', -EAGAIN, () => lock_page(cached(0)), () => unlock_page(cached(0))],
    ['the file cannot move', -EINVAL, () => setMethod(0), () => setMethod(test_migratepage)],
  ])('leaves everything as it is when %s', (_, wanted, prepare, undo) => {
    put_user(5, va);
    const old = cached(0);
    const pages = nr_free_pages();
    prepare();
    expect(migrate_page(old)).toBe(wanted);
    undo();
    expect([cached(0), page_count(old), get_user(va), user_fault(), nr_free_pages()]).toEqual([
      old,
      1,
      5,
      false,
      pages,
    ]);
    put_user(6, va);
    expect(load32(page_address(old))).toBe(6);
    expect(kinds(machine)).toEqual([]);
  });
  it('wants a page that is in use, and in a file', () => {
    const old = cached(0);
    migrate_page(old);
    expect(migrate_page(old)).toBe(-EINVAL);
  });
  it('never lets the old page be written unseen', () => {
    const at = page_address(cached(2));
    store32(at, 1);
    migrate_page(cached(2));
    expect(() => store32(at, 2)).toThrow(/page-use-after-free/);
  });
});
