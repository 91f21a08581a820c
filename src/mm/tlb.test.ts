// SPDX-License-Identifier: GPL-2.0-only
/** What a CPU remembers of the page table: private memory that may be written, of the mm that it has, and no more. */
import { beforeEach, expect, it } from 'vitest';
import { PAGE_SIZE } from '../arch/sab/memory.ts';
import { boot } from '../testing/boot.ts';
import { MMAP_BASE, type mm_struct } from './mm_types.ts';
import { mm_alloc, vm_brk } from './mmap.ts';
import { switch_mm, tlb_lookup } from './tlb.ts';
import { get_user, put_user, user_fault, user_to_kernel } from './uaccess.ts';

let mm: mm_struct;
let va: number;
beforeEach(() => {
  boot();
  mm = mm_alloc() as mm_struct;
  switch_mm(mm.addr);
  va = vm_brk(mm, 100);
});

it('knows a page after the first access, and where in it', () => {
  expect(tlb_lookup(va + 8)).toBe(0);
  get_user(va);
  expect(tlb_lookup(va + 8)).toBe(user_to_kernel(va + 8, true));
  expect(tlb_lookup(va + PAGE_SIZE)).toBe(0);
});

it('tells pages apart that share an entry', () => {
  for (let page = 0; page < 100; page++) put_user(page + 1, va + page * PAGE_SIZE);
  for (let page = 0; page < 100; page++) expect(get_user(va + page * PAGE_SIZE)).toBe(page + 1);
});

it('forgets all with the mm', () => {
  put_user(7, va);
  const other = mm_alloc() as mm_struct;
  switch_mm(other.addr);
  get_user(va);
  expect([tlb_lookup(va), user_fault()]).toEqual([0, true]);
  vm_brk(other, 1);
  expect(get_user(va)).toBe(0);
  switch_mm(mm.addr);
  expect(get_user(va)).toBe(7);
});

it('leaves out what may not be written, what is not there, and what may move', () => {
  const ro = vm_brk(mm, 1, false);
  for (const at of [ro, ro + PAGE_SIZE, 0, -4, MMAP_BASE]) {
    get_user(at);
    expect(tlb_lookup(at)).toBe(0);
  }
});
