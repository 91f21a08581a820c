// SPDX-License-Identifier: GPL-2.0-only
/**
 * eventfd: a 64-bit counter that completions add to and a reader takes.
 *
 * Locks: L = eventfd_ctx.lock.
 * NOT LINUX: reads do not block.
 * @linux fs/eventfd.c v3.17
 */
import { atomic_dec_and_test, atomic_inc, atomic_set } from '../arch/sab/atomic.ts';
import { atomic_t, embed, struct, u32, type View } from '../arch/sab/struct.ts';
import { spin_lock_init, spin_lock_irqsave, spin_unlock_irqrestore, spinlock_t } from '../kernel/locking/spinlock.ts';
import { defineCache, kmem_cache_alloc, kmem_cache_free } from '../mm/slab.ts';
import { EAGAIN, EBADF, EINVAL, ENOMEM } from '../uapi/errno.ts';
import { POLLIN, POLLOUT } from '../uapi/poll.ts';
import { alloc_file, defineFops, FMODE_READ, FMODE_WRITE, fget, type file, fput, wake_up_poll } from './file.ts';

export const eventfd_ctx = struct('eventfd_ctx', {
  /** A */
  kref: atomic_t,
  lock: embed(spinlock_t),
  /** L: the counter, low word */
  count_lo: u32,
  /** L: high word */
  count_hi: u32,
});
export type eventfd_ctx = View<typeof eventfd_ctx>;
const eventfd_cachep = defineCache('eventfd_ctx', eventfd_ctx);

const eventfd_fops = defineFops({
  name: 'eventfd',
  poll: (filp) => eventfd_poll(eventfd_ctx.at(filp.private_data)),
  release: (filp) => eventfd_ctx_put(eventfd_ctx.at(filp.private_data)),
});

/** A new eventfd's file, with one reference. @returns the file or -ENOMEM */
export function eventfd_file_create(count: number): file | number {
  const addr = kmem_cache_alloc(eventfd_cachep);
  if (addr === 0) return -ENOMEM;
  const ctx = eventfd_ctx.at(addr);
  atomic_set(ctx.kref, 1);
  spin_lock_init(ctx.lock, 'eventfd.wqh');
  ctx.count_lo = count;
  const filp = alloc_file(eventfd_fops, FMODE_READ | FMODE_WRITE, null);
  if (filp === null) {
    kmem_cache_free(eventfd_cachep, addr);
    return -ENOMEM;
  }
  filp.private_data = addr;
  return filp;
}

export function eventfd_ctx_put(ctx: eventfd_ctx): void {
  if (atomic_dec_and_test(ctx.kref)) kmem_cache_free(eventfd_cachep, ctx.addr);
}

/** The eventfd of a descriptor, with a reference. @returns it, -EBADF, or -EINVAL if the file is something else */
export function eventfd_ctx_fdget(fd: number): eventfd_ctx | number {
  const filp = fget(fd);
  if (filp.addr === 0) return -EBADF;
  let ret: eventfd_ctx | number = -EINVAL;
  if (filp.f_op === eventfd_fops) {
    ret = eventfd_ctx.at(filp.private_data);
    atomic_inc(ret.kref);
  }
  fput(filp);
  return ret;
}

/** Adds to the counter. @context any; does not sleep */
export function eventfd_signal(ctx: eventfd_ctx, n: number): void {
  const flags = spin_lock_irqsave(ctx.lock);
  const sum = ctx.count_lo + n;
  ctx.count_lo = sum;
  if (sum > 0xffff_ffff) ctx.count_hi += 1;
  spin_unlock_irqrestore(ctx.lock, flags);
  wake_up_poll(ctx.addr, FMODE_READ | FMODE_WRITE, POLLIN);
}

/** What it is ready for: the counter is never full here. */
const eventfd_poll = (ctx: eventfd_ctx): number => POLLOUT | ((ctx.count_lo | ctx.count_hi) !== 0 ? POLLIN : 0);

/** Takes the counter. @returns it, or -EAGAIN if it is zero */
export function eventfd_read(filp: file): number {
  const ctx = eventfd_ctx.at(filp.private_data);
  const flags = spin_lock_irqsave(ctx.lock);
  const count = ctx.count_hi * 2 ** 32 + ctx.count_lo;
  ctx.count_lo = 0;
  ctx.count_hi = 0;
  spin_unlock_irqrestore(ctx.lock, flags);
  return count === 0 ? -EAGAIN : count;
}
