// SPDX-License-Identifier: GPL-2.0-only
/**
 * Ring migration as it was before fa8a53c39f3f ("aio: v4 ensure access to ctx->ring_pages is correctly serialised
 * for migration", v3.15): whole functions.
 *
 * The pointer is tested, and later the page copied and the pointer changed, in two sections with nothing held in
 * between; and ring_lock is never taken, so a reader may hold a pointer to the old page across the copy:
 *
 *   CPU 1 (aio_migratepage)             CPU 2 (aio_read_events_ring)
 *   completion_lock
 *   copy old to new: head is 5          p = ring_pages[0], the old page
 *                                       p->head = 9
 *   ring_pages[0] = new: head is 5
 *   unlock                              the next reader gets events 5 to 8 again
 *
 * ioctx_alloc() does not hold ring_lock during setup on this build.
 */
import { load32 } from '../arch/sab/memory.ts';
import { setPtrAt } from '../arch/sab/struct.ts';
import { kioctx } from '../fs/aio/kioctx.ts';
import { free_ring_array, put_aio_ring_file, put_ring_pages } from '../fs/aio/ring_pages.ts';
import { spin_lock, spin_lock_irqsave, spin_unlock, spin_unlock_irqrestore } from '../kernel/locking/spinlock.ts';
import { MIGRATEPAGE_SUCCESS, migrate_page_copy, migrate_page_move_mapping } from '../mm/migrate.ts';
import type { address_space } from '../mm/mm_types.ts';
import { get_page, type page, put_page } from '../mm/page_alloc.ts';
import { TP } from '../trace/events.ts';
import { trace } from '../trace/flight_recorder.ts';
import { EAGAIN, EBUSY, EINVAL } from '../uapi/errno.ts';

/** The pages go first; a migration can still reach the context until its file has gone. */
export function aio_free_ring_before(ctx: kioctx): void {
  put_ring_pages(ctx);
  put_aio_ring_file(ctx);
  free_ring_array(ctx);
}

/** @locks takes private_lock and completion_lock, twice; never ring_lock */
export function aio_migratepage_before(mapping: address_space, newpage: page, old: page): number {
  let rc = 0;
  const idx = old.index;

  // First section: is the page still the ring's?
  spin_lock(mapping.private_lock);
  let ctx = kioctx.from(mapping.private_data);
  if (ctx !== null) {
    const flags = spin_lock_irqsave(ctx.completion_lock);
    if (idx >= ctx.nr_pages) rc = -EINVAL;
    else if (load32(ctx.ring_pages + 4 * idx) !== old.addr) rc = -EAGAIN;
    spin_unlock_irqrestore(ctx.completion_lock, flags);
  } else {
    rc = -EINVAL;
  }
  spin_unlock(mapping.private_lock);
  if (rc !== 0) return rc;

  get_page(newpage);
  rc = migrate_page_move_mapping(mapping, newpage, old, 1);
  if (rc !== MIGRATEPAGE_SUCCESS) {
    put_page(newpage);
    return rc;
  }

  // Second section: copy, and change the pointer if it has not changed meanwhile.
  spin_lock(mapping.private_lock);
  ctx = kioctx.from(mapping.private_data);
  if (ctx !== null) {
    const flags = spin_lock_irqsave(ctx.completion_lock);
    migrate_page_copy(newpage, old);
    trace(TP.migrate_copy, old.addr, newpage.addr, idx);
    if (idx >= ctx.nr_pages) rc = -EINVAL;
    else if (load32(ctx.ring_pages + 4 * idx) !== old.addr) rc = -EAGAIN;
    else setPtrAt(ctx.ring_pages, idx, newpage);
    trace(TP.migrate_done, old.addr, newpage.addr, idx);
    spin_unlock_irqrestore(ctx.completion_lock, flags);
  } else {
    rc = -EBUSY;
  }
  spin_unlock(mapping.private_lock);

  put_page(rc === MIGRATEPAGE_SUCCESS ? old : newpage);
  return rc;
}
