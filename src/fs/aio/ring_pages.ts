// SPDX-License-Identifier: GPL-2.0-only
/** The steps by which a ring's pages go: the way to them, the references, the array. */
import { ptrAt, setPtrAt } from '../../arch/sab/struct.ts';
import { spin_lock, spin_unlock } from '../../kernel/locking/spinlock.ts';
import type { address_space } from '../../mm/mm_types.ts';
import { truncate_setsize } from '../../mm/mmap.ts';
import { page, put_page } from '../../mm/page_alloc.ts';
import { kfree } from '../../mm/slab.ts';
import { fput } from '../file.ts';
import type { kioctx } from './kioctx.ts';

/** Ends the way from the ring's pages to the context. After it no migration can reach ctx. @context may sleep */
export function put_aio_ring_file(ctx: kioctx): void {
  const aio_ring_file = ctx.aio_ring_file;
  if (aio_ring_file === null) return;
  const mapping = aio_ring_file.f_mapping as address_space;
  // Takes page locks, hence waits for a migration that is under way.
  truncate_setsize(mapping);

  spin_lock(mapping.private_lock);
  mapping.private_data = 0;
  ctx.aio_ring_file = null;
  spin_unlock(mapping.private_lock);

  fput(aio_ring_file);
}

/** Drops the context's references to its ring pages. */
export function put_ring_pages(ctx: kioctx): void {
  for (let i = 0; i < ctx.nr_pages; i++) {
    const p = ptrAt(ctx.ring_pages, i, page);
    if (p === null) continue;
    setPtrAt(ctx.ring_pages, i, null);
    put_page(p);
  }
}

/** Frees the array of pages if it is not inside the context. */
export function free_ring_array(ctx: kioctx): void {
  if (ctx.ring_pages !== 0 && ctx.ring_pages !== ctx.internal_pages) {
    kfree(ctx.ring_pages);
    ctx.ring_pages = 0;
  }
}
