// SPDX-License-Identifier: GPL-2.0-only
/** Reads from the device, on a context that one thread keeps to itself. */
import type { FreedBuffers } from './freed_buffers.ts';
import { FD_DEVICE } from './layout.ts';
import { ownerOf, PRIVATE_SLOT } from './ledger.ts';
import type { User } from './user.ts';

/**
 * Submits up to `wanted` reads. @param buffers - where to read to; each entry's own buffer if null @returns how many
 * were accepted
 */
export function submitReads(user: User, ctx: number, wanted: number, buffers: FreedBuffers | null): number {
  const owner = ownerOf(PRIVATE_SLOT, user.cpu);
  let prepared = 0;
  while (prepared < wanted) {
    const buffer = buffers === null ? 0 : buffers.take();
    if (!user.batch.prepare(FD_DEVICE, owner, ctx, buffer)) break;
    prepared++;
  }
  return prepared === 0 ? 0 : Math.max(0, user.batch.submit(ctx));
}
