// SPDX-License-Identifier: GPL-2.0-only
/**
 * Ring migration as it was before 8e321fefb0e6 ("aio/migratepages: make aio migrate pages sane", v3.13): whole
 * functions, as of 3dc9acb67600, after which the setup of a ring is v3.17's, but for ring_lock.
 *
 * Whoever moves a page first drops the ring's reference to it, for the page cache to count as many as it expects. And
 * nobody looks whether the ring has this page at all: a page whose ring is being made or freed moves, too.
 *
 *   CPU 1 (aio_setup_ring)              CPU 2 (aio_migratepage)
 *   p is in the page cache
 *                                       put_page(p): the ring's reference
 *                                       the page cache gets a new page in place of p
 *                                       nr_pages is 0: ring_pages[] stays alone
 *                                       the migration is over: p is freed
 *   ring_pages[0] = p
 *   write the ring's header to p
 *
 * What freed a ring left the array as it was, so that a migration could put the same reference once more.
 *
 * Code that fa8a53c39f3f (serialise_migration) rewrote later, so a build without this fix has neither.
 */
import { ptrAt, setPtrAt } from '../arch/sab/struct.ts';
import { kioctx } from '../fs/aio/kioctx.ts';
import { free_ring_array, put_aio_ring_file } from '../fs/aio/ring_pages.ts';
import { spin_lock, spin_lock_irqsave, spin_unlock, spin_unlock_irqrestore } from '../kernel/locking/spinlock.ts';
import { deref } from '../kernel/panic.ts';
import { MIGRATEPAGE_SUCCESS, migrate_page_copy, migrate_page_move_mapping } from '../mm/migrate.ts';
import type { address_space } from '../mm/mm_types.ts';
import { get_page, page, put_page } from '../mm/page_alloc.ts';
import { TP } from '../trace/events.ts';
import { trace } from '../trace/flight_recorder.ts';
import { EBUSY } from '../uapi/errno.ts';

/** Drops references that a migration may have dropped already, and leaves the pointers. */
export function aio_free_ring_before_held(ctx: kioctx): void {
  for (let i = 0; i < ctx.nr_pages; i++) put_page(deref(ptrAt(ctx.ring_pages, i, page), 'ctx->ring_pages[i]'));
  put_aio_ring_file(ctx);
  free_ring_array(ctx);
}

/** @locks takes private_lock and completion_lock; never ring_lock */
export function aio_migratepage_before_held(mapping: address_space, newpage: page, old: page): number {
  put_page(old); // the ring's reference, whether or not there is one
  let rc = migrate_page_move_mapping(mapping, newpage, old, 0);
  if (rc !== MIGRATEPAGE_SUCCESS) {
    get_page(old);
    return rc;
  }
  get_page(newpage);

  spin_lock(mapping.private_lock);
  const ctx = kioctx.from(mapping.private_data);
  if (ctx !== null) {
    const flags = spin_lock_irqsave(ctx.completion_lock);
    migrate_page_copy(newpage, old);
    const idx = old.index;
    trace(TP.migrate_copy, old.addr, newpage.addr, idx);
    if (idx < ctx.nr_pages) setPtrAt(ctx.ring_pages, idx, newpage);
    trace(TP.migrate_done, old.addr, newpage.addr, idx);
    spin_unlock_irqrestore(ctx.completion_lock, flags);
  } else {
    rc = -EBUSY;
  }
  spin_unlock(mapping.private_lock);
  return rc;
}
