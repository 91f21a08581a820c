// SPDX-License-Identifier: GPL-2.0-only
/** User memory: mappings, faults, and copies that end where a mapping does. */
import { beforeEach, describe, expect, it } from 'vitest';
import { load8, load32, PAGE_SIZE, store8, TASK_SIZE } from '../arch/sab/memory.ts';
import type { Machine } from '../init/machine.ts';
import { boot, kinds } from '../testing/boot.ts';
import { ENOMEM } from '../uapi/errno.ts';
import { HEAP_START, type mm_struct } from './mm_types.ts';
import { mm_alloc, mmdrop, vm_brk } from './mmap.ts';
import { nr_free_pages } from './page_alloc.ts';
import { kzalloc, liveObjects, slabPages } from './slab.ts';
import { switch_mm } from './tlb.ts';
import {
  access_ok,
  copy_from_user,
  copy_to_user,
  get_user,
  get_user_acquire,
  put_user,
  put_user_release,
  user_fault,
  user_to_kernel,
} from './uaccess.ts';

let machine: Machine;
let mm: mm_struct;
let va: number;
let free: number;
const atRest = (): number => nr_free_pages() + slabPages();
beforeEach(() => {
  machine = boot();
  free = atRest();
  mm = mm_alloc() as mm_struct;
  switch_mm(mm.addr);
  va = vm_brk(mm, 2);
});

/** Whether an access faulted. */
function faults(f: () => unknown): boolean {
  f();
  return user_fault();
}

describe('private memory', () => {
  it('is zeroed, writable, and apart from the next piece', () => {
    const next = vm_brk(mm, 1);
    expect([va, next]).toEqual([HEAP_START, HEAP_START + 3 * PAGE_SIZE]);
    expect([get_user(va), get_user(va + 2 * PAGE_SIZE - 4), user_fault()]).toEqual([0, 0, false]);
    put_user(-5, va + PAGE_SIZE);
    expect(get_user(va + PAGE_SIZE)).toBe(-5);
    expect(faults(() => get_user(va + 2 * PAGE_SIZE))).toBe(true);
    expect(faults(() => put_user(1, va + 2 * PAGE_SIZE))).toBe(true);
  });
  it('may be read-only', () => {
    const ro = vm_brk(mm, 1, false);
    expect(faults(() => get_user(ro))).toBe(false);
    expect(faults(() => put_user(1, ro))).toBe(true);
    expect(faults(() => put_user_release(1, ro))).toBe(true);
    expect(copy_to_user(ro, kzalloc(8), 8)).toBe(8);
    expect([get_user(ro), copy_from_user(kzalloc(8), ro, 8)]).toEqual([0, 0]);
  });
  it("is the process's own", () => {
    put_user(1, va);
    const other = mm_alloc() as mm_struct;
    vm_brk(other, 2);
    switch_mm(other.addr);
    expect(get_user(va)).toBe(0);
    put_user(2, va);
    switch_mm(mm.addr);
    expect(get_user(va)).toBe(1);
  });
  it('is all given back', () => {
    for (const address of [va, va + PAGE_SIZE]) put_user(1, address);
    switch_mm(0);
    mmdrop(mm);
    expect(atRest()).toBe(free);
    expect([...liveObjects()].filter(([name]) => name === 'mm_struct')).toEqual([]);
    expect(kinds(machine)).toEqual([]);
  });
  it('that cannot be had leaves nothing behind', () => {
    expect(vm_brk(mm, 100_000)).toBe(-ENOMEM);
    expect(vm_brk(mm, nr_free_pages() + 50)).toBe(-ENOMEM);
    switch_mm(0);
    mmdrop(mm);
    expect(atRest()).toBe(free);
  });
});

describe('single accesses', () => {
  it.each([0, 4, HEAP_START - 4, TASK_SIZE - 4, TASK_SIZE, 0x4000_1000, -4, 0xffff_fffc])('fault at %i', (address) => {
    expect(faults(() => get_user(address))).toBe(true);
    expect(faults(() => put_user(1, address))).toBe(true);
    expect(faults(() => get_user_acquire(address))).toBe(true);
    expect(faults(() => put_user_release(1, address))).toBe(true);
    expect(get_user(address)).toBe(0);
  });
  it('fault without a process', () => {
    switch_mm(0);
    expect(faults(() => get_user(va))).toBe(true);
  });
  it('may be unaligned, and span pages', () => {
    for (const address of [va + 1, va + 6, va + PAGE_SIZE - 1, va + PAGE_SIZE - 3]) {
      expect(faults(() => put_user(0x8765_4321 | 0, address))).toBe(false);
      expect(get_user(address) >>> 0).toBe(0x8765_4321);
      expect(get_user(address - (address & 3)) >>> (8 * (address & 3))).toBe(
        (0x8765_4321 & (0xffff_ffff >>> (8 * (address & 3)))) >>> 0,
      );
    }
    expect(faults(() => get_user(va + 2 * PAGE_SIZE - 2))).toBe(true);
  });
  it('do not remember an old fault', () => {
    expect(faults(() => get_user(0))).toBe(true);
    expect(faults(() => get_user(va))).toBe(false);
  });
});

describe('copies', () => {
  it('go across pages that are apart in RAM', () => {
    const from = kzalloc(4096);
    for (let i = 0; i < 3000; i++) store8(from + i, i % 251);
    expect(copy_to_user(va + PAGE_SIZE - 1501, from, 3000)).toBe(0);
    const to = kzalloc(4096);
    expect(copy_from_user(to, va + PAGE_SIZE - 1501, 3000)).toBe(0);
    for (let i = 0; i < 3000; i++) expect(load8(to + i)).toBe(i % 251);
    expect([load32(to + 3000), get_user(va + PAGE_SIZE - 1508)]).toEqual([0, 0]);
    expect(user_to_kernel(va + PAGE_SIZE, false) - user_to_kernel(va, false)).not.toBe(0);
  });
  it('say how much they did not copy', () => {
    const k = kzalloc(64);
    const end = va + 2 * PAGE_SIZE;
    expect(copy_to_user(end - 10, k, 64)).toBe(54);
    expect(copy_from_user(k, end - 10, 64)).toBe(54);
    expect(copy_from_user(k, end, 64)).toBe(64);
    expect(copy_from_user(k, 0, 0)).toBe(0);
  });
});

it('access_ok knows the end of user space, and overflow', () => {
  expect([access_ok(0, 8), access_ok(TASK_SIZE - 8, 8), access_ok(va, 0)]).toEqual([true, true, true]);
  expect([access_ok(TASK_SIZE - 4, 8), access_ok(va, -1), access_ok(-4, 4), access_ok(va, 8, 1)]).toEqual([
    false,
    false,
    false,
    false,
  ]);
  expect(access_ok(0xffff_fff0, 0x20)).toBe(false);
});
