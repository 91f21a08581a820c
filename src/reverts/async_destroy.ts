// SPDX-License-Identifier: GPL-2.0-only
/** The end of a context as it was before 4fcc712f5c48. */
import type { kioctx } from '../fs/aio/kioctx.ts';
import { aio_nr_sub } from '../fs/aio/kioctx.ts';
import { deref } from '../kernel/panic.ts';
import { vm_munmap } from '../mm/mmap.ts';
import { fixed } from './registry.ts';

/** What the build without 4fcc712f5c48 does only when it frees the context. */
export function release_quota_and_mapping_late(ctx: kioctx): void {
  if (fixed.async_destroy) return;
  if (ctx.mmap_size !== 0) vm_munmap(deref(ctx.mm, 'ctx->mm'), ctx.mmap_base, ctx.mmap_size);
  aio_nr_sub(ctx.max_reqs);
}
