// SPDX-License-Identifier: GPL-2.0-only
/**
 * User memory, as the kernel and as user space reach it: through the page table of the current mm.
 *
 * A fault is not an exception: single loads say so in `user_fault`, copies return the bytes that were not copied.
 *
 * @linux arch/x86/include/asm/uaccess.h v3.17
 */
import { smp_load_acquire, smp_store_release } from '../arch/sab/atomic.ts';
import type { Addr } from '../arch/sab/memory.ts';
import { load8, load32, memcpy, PAGE_SIZE, store8, store32, TASK_SIZE } from '../arch/sab/memory.ts';
import { mutex_lock, mutex_unlock } from '../kernel/locking/mutex.ts';
import { current, in_kernel, kernel_enter, kernel_exit } from '../kernel/sched/core.ts';
import { MMAP_BASE, mm_struct, PTE_FLAGS, PTE_MIGRATION, PTE_PRESENT, PTE_WRITE } from './mm_types.ts';
import { migration_entry_wait, pte_offset, uaccess_begin, uaccess_end } from './pagetable.ts';
import { tlb_insert, tlb_lookup } from './tlb.ts';

const OFFSET = PAGE_SIZE - 1;
const WRITABLE = PTE_PRESENT | PTE_WRITE;
const PGD = mm_struct.offsetof.pgd;

/** [0] is 1 if the last single access faulted. Of an array with a buffer of its own V8 knows the address. */
const faulted = new Int32Array(new ArrayBuffer(4));
/** Whether the last single access of this CPU faulted. */
export const user_fault = (): boolean => faulted[0] !== 0;

/**
 * Whether [va, va + bytes) can be user memory at all. NOT LINUX: user space ends at 256 MiB.
 * @param hi - the upper half of the address
 */
export const access_ok = (va: number, bytes: number, hi = 0): boolean =>
  hi === 0 && va >= 0 && bytes >= 0 && va + bytes <= TASK_SIZE;

/**
 * The kernel address behind a user address, 0 on a fault. For a page that may move, the access is announced and the
 * caller must end it by user_done(va); the caller must not sleep in between.
 */
export function user_to_kernel(va: number, write: boolean): number {
  const known = tlb_lookup(va);
  return known !== 0 ? known : walk_page_table(va, write);
}

function walk_page_table(va: number, write: boolean): number {
  if (va < 0 || va >= TASK_SIZE) return 0;
  const mm = current.mm;
  if (mm === 0) return 0;
  const need = write ? WRITABLE : PTE_PRESENT;
  const pgd = load32(mm + PGD);
  if (va >= MMAP_BASE) return movable_to_kernel(mm, pgd, va, need);
  const pte = pte_offset(pgd, va);
  const entry = pte === 0 ? 0 : load32(pte);
  if ((entry & need) !== need) {
    do_page_fault(mm);
    return 0;
  }
  const frame = entry & ~PTE_FLAGS;
  if ((entry & WRITABLE) === WRITABLE) tlb_insert(va, frame);
  return frame + (va & OFFSET);
}

/**
 * Waits until nobody changes the mappings: whoever touches what is not mapped, or may not be written, sleeps if
 * somebody does. What is missing then is not there at all, as mappings are filled at once.
 *
 * @context may sleep @locks takes mm.mmap_sem
 * @linux arch/x86/mm/fault.c __do_page_fault() v3.17
 */
function do_page_fault(mm: number): void {
  const user = !in_kernel();
  if (user) kernel_enter();
  const { mmap_sem } = mm_struct.at(mm);
  mutex_lock(mmap_sem);
  mutex_unlock(mmap_sem);
  if (user) kernel_exit();
}

/** The same for a page that may move. @param need - the flags that the entry must have */
function movable_to_kernel(mm: number, pgd: number, va: number, need: number): number {
  for (let faulted = false; ; ) {
    uaccess_begin();
    const pte = pte_offset(pgd, va);
    const entry = pte === 0 ? 0 : smp_load_acquire(pte as Addr<number>);
    if ((entry & need) === need) return (entry & ~PTE_FLAGS) + (va & OFFSET);
    uaccess_end();
    if ((entry & PTE_MIGRATION) !== 0) {
      migration_entry_wait(pte, entry);
    } else {
      // One more look: the mapping may just have been made.
      if (faulted) return 0;
      do_page_fault(mm);
      faulted = true;
    }
  }
}

/** Ends an access that user_to_kernel() began without a fault. */
export function user_done(va: number): void {
  if (va >= MMAP_BASE) uaccess_end();
}

/** Loads a word; sets user_fault. */
export function get_user(va: number): number {
  if ((va & 3) !== 0) return get_user_unaligned(va);
  const at = user_to_kernel(va, false);
  faulted[0] = at === 0 ? 1 : 0;
  if (at === 0) return 0;
  const value = load32(at);
  user_done(va);
  return value;
}

/**
 * Loads a user pointer, which is 64 bits wide. One that cannot point to user memory is a fault, as the access through
 * it would be. Sets user_fault.
 */
export function get_user_pointer(va: number): number {
  const at = (va & 7) === 0 ? user_to_kernel(va, false) : 0;
  if (at === 0) return get_user_pointer_by_halves(va);
  const value = load32(at);
  faulted[0] = load32((at + 4) | 0) !== 0 ? 1 : 0;
  user_done(va);
  return value;
}

function get_user_pointer_by_halves(va: number): number {
  const value = get_user(va);
  if (!user_fault() && get_user(va + 4) !== 0) faulted[0] = 1;
  return value;
}

function get_user_unaligned(va: number): number {
  let value = 0;
  for (let i = 0; i < 4; i++) {
    const at = user_to_kernel(va + i, false);
    faulted[0] = at === 0 ? 1 : 0;
    if (at === 0) return 0;
    value |= load8(at) << (8 * i);
    user_done(va + i);
  }
  return value;
}

/** Stores a word; sets user_fault. */
export function put_user(value: number, va: number): void {
  if ((va & 3) !== 0) {
    put_user_unaligned(value, va);
    return;
  }
  const at = user_to_kernel(va, true);
  faulted[0] = at === 0 ? 1 : 0;
  if (at === 0) return;
  store32(at, value);
  user_done(va);
}

function put_user_unaligned(value: number, va: number): void {
  for (let i = 0; i < 4; i++) {
    const at = user_to_kernel(va + i, true);
    faulted[0] = at === 0 ? 1 : 0;
    if (at === 0) return;
    store8(at, (value >>> (8 * i)) & 0xff);
    user_done(va + i);
  }
}

/** Copies into the kernel. @returns bytes not copied */
export function copy_from_user(to: number, va: number, bytes: number): number {
  if (bytes <= 0 || bytes > PAGE_SIZE - (va & OFFSET)) return copy_pages_from_user(to, va, bytes);
  const at = user_to_kernel(va, false);
  if (at === 0) return bytes;
  memcpy(to, at, bytes);
  user_done(va);
  return 0;
}

function copy_pages_from_user(to: number, va: number, bytes: number): number {
  let left = bytes;
  while (left > 0) {
    const n = Math.min(left, PAGE_SIZE - (va & OFFSET));
    const at = user_to_kernel(va, false);
    if (at === 0) return left;
    memcpy(to, at, n);
    user_done(va);
    to += n;
    va += n;
    left -= n;
  }
  return 0;
}

/** Copies out of the kernel. @returns bytes not copied */
export function copy_to_user(va: number, from: number, bytes: number): number {
  if (bytes <= 0 || bytes > PAGE_SIZE - (va & OFFSET)) return copy_pages_to_user(va, from, bytes);
  const at = user_to_kernel(va, true);
  if (at === 0) return bytes;
  memcpy(at, from, bytes);
  user_done(va);
  return 0;
}

function copy_pages_to_user(va: number, from: number, bytes: number): number {
  let left = bytes;
  while (left > 0) {
    const n = Math.min(left, PAGE_SIZE - (va & OFFSET));
    const at = user_to_kernel(va, true);
    if (at === 0) return left;
    memcpy(at, from, n);
    user_done(va);
    from += n;
    va += n;
    left -= n;
  }
  return 0;
}

/**
 * A load that later ones cannot pass; for user code that follows a protocol. Sets user_fault; atomics must be
 * aligned.
 */
export function get_user_acquire(va: number): number {
  const at = (va & 3) === 0 ? user_to_kernel(va, false) : 0;
  faulted[0] = at === 0 ? 1 : 0;
  if (at === 0) return 0;
  const value = smp_load_acquire(at as Addr<number>);
  user_done(va);
  return value;
}

/** A store that earlier accesses cannot pass. Sets user_fault; atomics must be aligned. */
export function put_user_release(value: number, va: number): void {
  const at = (va & 3) === 0 ? user_to_kernel(va, true) : 0;
  faulted[0] = at === 0 ? 1 : 0;
  if (at === 0) return;
  smp_store_release(at as Addr<number>, value);
  user_done(va);
}
