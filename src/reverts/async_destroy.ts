// SPDX-License-Identifier: GPL-2.0-only
/**
 * io_destroy() as it was before 4fcc712f5c48 ("aio: fix io_destroy() regression by using call_rcu()", v3.10): it waits
 * out a grace period of its own, and who calls it frees the context.
 *
 *   io_destroy(): take the context out of the table
 *                 synchronize_rcu()          ◀── whoever reads under RCU, anywhere, holds the caller up
 *                 drop the first reference; wait for the requests
 *                 free the ring, unmap it, give the quota back
 *
 * The fix gives mapping and quota back at once and lets a callback and a kworker do the rest.
 */
import type { kioctx } from '../fs/aio/kioctx.ts';
import { aio_nr_sub } from '../fs/aio/kioctx.ts';
import { deref } from '../kernel/panic.ts';
import { vm_munmap } from '../mm/mmap.ts';
import { fixed } from './registry.ts';

/** The end of the old free_ioctx(): unmaps, and gives the quota back. */
export function release_quota_and_mapping_late(ctx: kioctx): void {
  if (fixed.async_destroy) return;
  if (ctx.mmap_size !== 0) vm_munmap(deref(ctx.mm, 'ctx->mm'), ctx.mmap_base, ctx.mmap_size);
  aio_nr_sub(ctx.max_reqs);
}
