// SPDX-License-Identifier: GPL-2.0-only
/** Requests that can be cancelled, and cancelling them. */
import { ACCESS_ONCE, cmpxchg } from '../../arch/sab/atomic.ts';
import { type Fn, fnOf } from '../../arch/sab/functable.ts';
import { type Addr, load32 } from '../../arch/sab/memory.ts';
import { container_of } from '../../arch/sab/struct.ts';
import {
  spin_lock_irq,
  spin_lock_irqsave,
  spin_unlock_irq,
  spin_unlock_irqrestore,
} from '../../kernel/locking/spinlock.ts';
import { list_add, list_del_init, list_empty, type list_head, list_next } from '../../lib/list.ts';
import { is_listed } from '../../reverts/cancel_before_unlink.ts';
import { fixed } from '../../reverts/registry.ts';
import { EINVAL } from '../../uapi/errno.ts';
import { KIOCB_CANCELLED, type KiocbCancelFn, kiocb, type kioctx } from './kioctx.ts';

/** Whether a request ever was in active_reqs. */
export const was_listed = (req: kiocb): boolean =>
  fixed.cancel_before_unlink ? load32(req.ki_list) !== 0 : is_listed(req); // else: whether it is now

/**
 * Makes a request one that can be cancelled. For drivers, before the request can complete.
 * @context any @locks takes ctx_lock
 * @linux fs/aio.c kiocb_set_cancel_fn() v3.17
 */
export function kiocb_set_cancel_fn(req: kiocb, cancel: Fn<KiocbCancelFn>): void {
  const ctx = req.ki_ctx;
  const flags = spin_lock_irqsave(ctx.ctx_lock);
  if (!was_listed(req)) list_add(req.ki_list, ctx.active_reqs);
  req.ki_cancel = cancel;
  spin_unlock_irqrestore(ctx.ctx_lock, flags);
}

/**
 * Has the driver cancel a request. Wins once for each request.
 * @returns what the driver says, or -EINVAL
 * @locks ctx_lock held
 * @linux fs/aio.c kiocb_cancel() v3.17
 */
export function kiocb_cancel(req: kiocb): number {
  const word = req.$ki_cancel as number as Addr<number>;
  let cancel = ACCESS_ONCE(word) as Fn<KiocbCancelFn>;
  for (;;) {
    if (cancel === 0 || cancel === KIOCB_CANCELLED) return -EINVAL;
    const old = cancel;
    cancel = cmpxchg(word, old, KIOCB_CANCELLED) as typeof old;
    if (cancel === old) break;
  }
  return fnOf(cancel)(req);
}

/** Cancels every request that can be. @locks takes ctx_lock */
export function cancel_active_reqs(ctx: kioctx): void {
  spin_lock_irq(ctx.ctx_lock);
  while (!list_empty(ctx.active_reqs)) {
    const req = container_of(list_next(ctx.active_reqs) as Addr<list_head>, kiocb, 'ki_list');
    // It then links to itself: aio_complete() still sees that it was listed, and takes ctx_lock.
    list_del_init(req.ki_list);
    kiocb_cancel(req);
  }
  spin_unlock_irq(ctx.ctx_lock);
}
