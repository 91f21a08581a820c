// SPDX-License-Identifier: GPL-2.0-only
/**
 * Page tables, and the shoot-down.
 *
 * A user access to a page that may move announces itself in its CPU's `uaccess` word, then reads the entry, then
 * touches the page, then takes the announcement back. Whoever changes an entry changes it first and then waits until no
 * CPU's announcement is up: afterwards nobody uses the old entry. Both sides use full barriers, so one of them sees
 * the other. That is what a TLB flush by interprocessor interrupt achieves.
 *
 * Locks: entries are written under mm.page_table_lock, and read without.
 * @linux mm/memory.c, arch/x86/mm/tlb.c flush_tlb_page() v3.17
 */
import { cmpxchg, smp_load_acquire, smp_store_release, xchg } from '../arch/sab/atomic.ts';
import { num_possible_cpus, smp_processor_id } from '../arch/sab/cpu.ts';
import { type Addr, load32, PAGE_SHIFT, store32 } from '../arch/sab/memory.ts';
import { park, unpark } from '../arch/sab/park.ts';
import { spin_lock, spin_unlock } from '../kernel/locking/spinlock.ts';
import { cpu_task, current, in_kernel, kernel_enter, kernel_exit, sleep_on_word } from '../kernel/sched/core.ts';
import { ENOMEM } from '../uapi/errno.ts';
import { type mm_struct, PGD_ENTRIES, PMD_SHIFT, PTE_MIGRATION } from './mm_types.ts';
import { alloc_page, page_address, put_page, virt_to_page } from './page_alloc.ts';
import { kfree, kzalloc } from './slab.ts';

const IDLE = 0;
const ACCESSING = 1;
/** Somebody waits for the access to end. */
const AWAITED = 2;

/** @returns 0 or -ENOMEM */
export function pgd_alloc(mm: mm_struct): number {
  mm.pgd = kzalloc(4 * PGD_ENTRIES);
  return mm.pgd === 0 ? -ENOMEM : 0;
}

export function pgd_free(mm: mm_struct): void {
  for (let i = 0; i < PGD_ENTRIES; i++) {
    const table = load32(mm.pgd + 4 * i);
    if (table !== 0) put_page(virt_to_page(table));
  }
  kfree(mm.pgd);
  mm.pgd = 0;
}

/** Address of the entry for a user address, 0 if there is no table for it. */
export function pte_offset(pgd: number, va: number): number {
  const table = load32(pgd + 4 * (va >>> PMD_SHIFT));
  return table === 0 ? 0 : table + 4 * ((va >>> PAGE_SHIFT) & 1023);
}

/** As pte_offset(), making the table. @returns 0 if memory is out @locks mm.mmap_sem held */
export function pte_alloc(mm: mm_struct, va: number): number {
  const slot = mm.pgd + 4 * (va >>> PMD_SHIFT);
  if (load32(slot) === 0) {
    const table = alloc_page();
    if (table === null) return 0;
    smp_store_release(slot as Addr<number>, page_address(table));
  }
  return pte_offset(mm.pgd, va);
}

/** Stores an entry, wakes who waited for it. @locks takes page_table_lock */
export function set_pte(mm: mm_struct, pte: number, value: number): void {
  spin_lock(mm.page_table_lock);
  const old = xchg(pte as Addr<number>, value);
  spin_unlock(mm.page_table_lock);
  if ((old & PTE_MIGRATION) !== 0) unpark(pte, Number.POSITIVE_INFINITY);
}

/** Replaces an entry if it is `old`. @returns whether it did @locks takes page_table_lock */
export function replace_pte(mm: mm_struct, pte: number, old: number, value: number): boolean {
  spin_lock(mm.page_table_lock);
  const done = load32(pte) === old;
  if (done) smp_store_release(pte as Addr<number>, value);
  spin_unlock(mm.page_table_lock);
  if (done && (old & PTE_MIGRATION) !== 0) unpark(pte, Number.POSITIVE_INFINITY);
  return done;
}

/** Announces a user access, so that the entry read next stays good until uaccess_end(). Does not nest. */
export function uaccess_begin(): void {
  smp_store_release(current.uaccess, ACCESSING);
}

export function uaccess_end(): void {
  if (xchg(current.uaccess, IDLE) === AWAITED) unpark(current.uaccess, Number.POSITIVE_INFINITY);
}

/** Waits until no CPU uses an entry that it read before the call. @context may sleep, but is not quiescent */
export function flush_tlb(): void {
  const self = smp_processor_id();
  for (let cpu = 0; cpu < num_possible_cpus(); cpu++) {
    if (cpu === self) continue;
    const word = cpu_task(cpu).uaccess;
    if (smp_load_acquire(word) === IDLE) continue;
    const seen = cmpxchg(word, ACCESSING, AWAITED);
    if (seen === IDLE) continue;
    do park(word, AWAITED);
    while (smp_load_acquire(word) === AWAITED);
  }
}

/** Sleeps until a migration entry has been replaced. Called with the access taken back. */
export function migration_entry_wait(pte: number, entry: number): void {
  if (in_kernel()) {
    sleep_on_word(pte, entry);
    return;
  }
  kernel_enter();
  sleep_on_word(pte, entry);
  kernel_exit();
}

/** Forgets an announcement that an unwound call left behind. */
export function uaccess_reset(): void {
  store32(current.uaccess, IDLE);
}
