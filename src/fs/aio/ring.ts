// SPDX-License-Identifier: GPL-2.0-only
/**
 * The completion ring: a file of the aio file system whose pages the kernel and user space share.
 *
 * The file exists so that page migration has a mapping to call into: mapping.private_data leads to the context, and
 * put_aio_ring_file() cuts that way off before anything of the context is taken down.
 *
 * @linux fs/aio.c aio_private_file() … aio_setup_ring() v3.17
 */
import { fn } from '../../arch/sab/functable.ts';
import { load32, PAGE_SHIFT, PAGE_SIZE, store32 } from '../../arch/sab/memory.ts';
import { setPtrAt } from '../../arch/sab/struct.ts';
import { mutex_lock, mutex_trylock, mutex_unlock } from '../../kernel/locking/mutex.ts';
import { spin_lock, spin_lock_irqsave, spin_unlock, spin_unlock_irqrestore } from '../../kernel/locking/spinlock.ts';
import { BUG_ON } from '../../kernel/panic.ts';
import { MIGRATEPAGE_SUCCESS, migrate_page_copy, migrate_page_move_mapping } from '../../mm/migrate.ts';
import { address_space, type mm_struct } from '../../mm/mm_types.ts';
import { address_space_exit, address_space_init, do_mmap_file, find_or_create_page } from '../../mm/mmap.ts';
import { get_page, type page, put_page, unlock_page } from '../../mm/page_alloc.ts';
import { defineCache, kcalloc, kmem_cache_alloc, kmem_cache_free } from '../../mm/slab.ts';
import { aio_free_ring_before_held, aio_migratepage_before_held } from '../../reverts/hold_ring_pages.ts';
import { fixed } from '../../reverts/registry.ts';
import { aio_free_ring_before, aio_migratepage_before } from '../../reverts/serialise_migration.ts';
import { TP } from '../../trace/events.ts';
import { trace } from '../../trace/flight_recorder.ts';
import {
  AIO_RING_COMPAT_FEATURES,
  AIO_RING_INCOMPAT_FEATURES,
  AIO_RING_MAGIC,
  aio_ring,
  io_event,
} from '../../uapi/aio_abi.ts';
import { EAGAIN, EINVAL, ENOMEM } from '../../uapi/errno.ts';
import { alloc_file, defineFops, FMODE_READ, FMODE_WRITE, type file } from '../file.ts';
import { AIO_RING_PAGES, kioctx, kmap_ring_page } from './kioctx.ts';
import { free_ring_array, put_aio_ring_file, put_ring_pages } from './ring_pages.ts';

/** NOT LINUX: the inode of a ring is its mapping. */
const inode_cachep = defineCache('aio_inode', address_space);

const aio_ring_fops = defineFops({
  name: 'aio_ring',
  release: (filp) => {
    const mapping = filp.f_mapping;
    if (mapping === null) return;
    address_space_exit(mapping);
    kmem_cache_free(inode_cachep, mapping.addr);
  },
});

/** A file of `nr_pages` pages, which leads to the context. @returns the file, null if memory is out */
function aio_private_file(ctx: kioctx, nr_pages: number): file | null {
  const inode = kmem_cache_alloc(inode_cachep);
  if (inode === 0) return null;
  const mapping = address_space.at(inode);
  out_inode: {
    if (address_space_init(mapping, nr_pages) !== 0) break out_inode;
    mapping.migratepage = aio_migratepage_fn;
    mapping.private_data = ctx.addr;
    const filp = alloc_file(aio_ring_fops, FMODE_READ | FMODE_WRITE, mapping);
    if (filp === null) {
      address_space_exit(mapping);
      break out_inode;
    }
    return filp;
  }
  kmem_cache_free(inode_cachep, inode);
  return null;
}

/** Frees the ring's pages. @context may sleep; no completion and no reader is left */
export function aio_free_ring(ctx: kioctx): void {
  if (!fixed.serialise_migration) {
    // Put the pages first, cut migration off last.
    if (fixed.hold_ring_pages) aio_free_ring_before(ctx);
    else aio_free_ring_before_held(ctx);
    return;
  }
  put_aio_ring_file(ctx);
  put_ring_pages(ctx);
  free_ring_array(ctx);
}

/**
 * Moves a page of a ring: the page cache's slot, the contents, the context's pointer.
 *
 * private_lock keeps the context; ring_lock keeps readers, who store the head through ring_pages, and a setup that is
 * not done; completion_lock keeps completions, who store events. ring_lock may only be tried, because it is taken
 * outside of mmap_sem, which a migration may hold.
 *
 * @returns 0; -EAGAIN to be tried again; -EINVAL if the context is gone
 * @context the old page is locked and no user entry leads to it
 * @locks takes private_lock, tries ring_lock, takes tree_lock and completion_lock
 * @linux fs/aio.c aio_migratepage() v3.17
 */
function aio_migratepage(mapping: address_space, newpage: page, old: page): number {
  let rc = 0;
  spin_lock(mapping.private_lock);
  out: {
    const ctx = kioctx.from(mapping.private_data);
    if (ctx === null) {
      rc = -EINVAL;
      break out;
    }
    // Lock order: private_lock > ring_lock (try)
    if (!mutex_trylock(ctx.ring_lock)) {
      rc = -EAGAIN;
      break out;
    }
    out_unlock: {
      const idx = old.index;
      if (idx >= ctx.nr_pages) rc = -EINVAL;
      else if (load32(ctx.ring_pages + 4 * idx) !== old.addr) rc = -EAGAIN;
      if (rc !== 0) break out_unlock;

      get_page(newpage);
      rc = migrate_page_move_mapping(mapping, newpage, old, 1);
      if (rc !== MIGRATEPAGE_SUCCESS) {
        put_page(newpage);
        break out_unlock;
      }

      // Lock order: private_lock > ring_lock > completion_lock
      const flags = spin_lock_irqsave(ctx.completion_lock);
      migrate_page_copy(newpage, old);
      trace(TP.migrate_copy, old.addr, newpage.addr, idx);
      BUG_ON(load32(ctx.ring_pages + 4 * idx) !== old.addr, 'ctx->ring_pages[idx] != old');
      setPtrAt(ctx.ring_pages, idx, newpage);
      trace(TP.migrate_done, old.addr, newpage.addr, idx);
      spin_unlock_irqrestore(ctx.completion_lock, flags);

      put_page(old);
    }
    mutex_unlock(ctx.ring_lock);
  }
  spin_unlock(mapping.private_lock);
  return rc;
}

const aio_migratepage_fn = fn('aio_migratepage', (mapping: address_space, newpage: page, old: page) => {
  if (fixed.serialise_migration) return aio_migratepage(mapping, newpage, old);
  const before = fixed.hold_ring_pages ? aio_migratepage_before : aio_migratepage_before_held;
  return before(mapping, newpage, old);
});

/**
 * Makes the ring: file, pages, mapping, header.
 *
 * @param requests - events that user space asked for, doubled and rounded up
 * @returns 0 or -errno; on an error nothing is left
 * @context may sleep @locks ring_lock held by ioctx_alloc(); takes mmap_sem
 * @linux fs/aio.c aio_setup_ring() v3.17
 */
export function aio_setup_ring(ctx: kioctx, requests: number, mm: mm_struct): number {
  // Two to spare: one because head == tail means empty.
  const size = aio_ring.sizeof + io_event.sizeof * (requests + 2);
  const nr_pages = (size + PAGE_SIZE - 1) >>> PAGE_SHIFT;

  const filp = aio_private_file(ctx, nr_pages);
  if (filp === null) {
    ctx.aio_ring_file = null;
    return -ENOMEM;
  }
  ctx.aio_ring_file = filp;
  const mapping = filp.f_mapping as address_space;
  const nr_events = ((nr_pages * PAGE_SIZE - aio_ring.sizeof) / io_event.sizeof) >>> 0;

  ctx.ring_pages = ctx.internal_pages;
  if (nr_pages > AIO_RING_PAGES) {
    ctx.ring_pages = kcalloc(nr_pages, 4);
    if (ctx.ring_pages === 0) {
      put_aio_ring_file(ctx);
      return -ENOMEM;
    }
  }

  let i = 0;
  for (; i < nr_pages; i++) {
    // Locked until it is whole. The reference that comes back is the context's, beside the page cache's.
    const p = find_or_create_page(mapping, i);
    if (p === null) break;
    unlock_page(p);
    store32(ctx.ring_pages + 4 * i, p.addr);
  }
  ctx.nr_pages = i;
  if (i !== nr_pages) {
    aio_free_ring(ctx);
    return -ENOMEM;
  }

  ctx.mmap_size = nr_pages * PAGE_SIZE;
  mutex_lock(mm.mmap_sem);
  const base = do_mmap_file(mm, filp.addr, mapping, ctx.mmap_size);
  mutex_unlock(mm.mmap_sem);
  if (base < 0) {
    ctx.mmap_size = 0;
    aio_free_ring(ctx);
    return -ENOMEM;
  }
  ctx.mmap_base = base;
  ctx.user_id = base;
  ctx.nr_events = nr_events;

  const ring = aio_ring.at(kmap_ring_page(ctx, 0));
  ring.nr = nr_events;
  ring.id = ~0;
  ring.tail = 0;
  ring.head = 0;
  ring.magic = AIO_RING_MAGIC;
  ring.compat_features = AIO_RING_COMPAT_FEATURES;
  ring.incompat_features = AIO_RING_INCOMPAT_FEATURES;
  ring.header_length = aio_ring.sizeof;
  return 0;
}
