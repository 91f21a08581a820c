// SPDX-License-Identifier: GPL-2.0-only
/**
 * Completion: the event into the ring, the request away, the sleepers up.
 *
 *   CPU 1 (aio_complete)                       CPU 2 (reads the ring)
 *   write the event                            enqueue itself
 *   smp_wmb()                                  set_current_state() (full barrier)
 *   store ring.tail  ────────────────────────▶ load ring.tail
 *   smp_mb()                                   smp_rmb()
 *   waitqueue_active()?                        read the event, or sleep
 *
 * @linux fs/aio.c wait_on_sync_kiocb(), aio_complete() v3.17
 */
import { smp_mb, smp_wmb } from '../../arch/sab/atomic.ts';
import { type Addr, load32, memset, store32 } from '../../arch/sab/memory.ts';
import { copy64, lo32, set64, type U64 } from '../../arch/sab/struct.ts';
import { spin_lock_irqsave, spin_unlock_irqrestore } from '../../kernel/locking/spinlock.ts';
import { rcu_read_lock, rcu_read_unlock } from '../../kernel/rcu/tree.ts';
import {
  __set_current_state,
  current,
  schedule,
  set_current_state,
  stack_alloc,
  stack_free,
  TASK_RUNNING,
  TASK_UNINTERRUPTIBLE,
  task_struct,
  wake_up_process,
} from '../../kernel/sched/core.ts';
import { waitqueue_active, wake_up } from '../../kernel/sched/wait.ts';
import { list_del } from '../../lib/list.ts';
import { percpu_ref_put } from '../../lib/percpu-refcount.ts';
import { fixed } from '../../reverts/registry.ts';
import { TP } from '../../trace/events.ts';
import { trace } from '../../trace/flight_recorder.ts';
import { aio_ring, io_event } from '../../uapi/aio_abi.ts';
import { EXDEV } from '../../uapi/errno.ts';
import { eventfd_signal } from '../eventfd.ts';
import { was_listed } from './cancel.ts';
import { AIO_EVENTS_OFFSET, AIO_EVENTS_PER_PAGE, kiocb, type kioctx, kmap_ring_page } from './kioctx.ts';
import { kiocb_free, put_reqs_available, refill_reqs_available } from './requests.ts';

const EVENT_BYTES = io_event.sizeof;
const { data: DATA, obj: OBJ, res: RES, res2: RES2 } = io_event.offsetof;

const KI_CTX = kiocb.offsetof.ki_ctx;

/** Whether somebody waits for this very request, and no context is involved; and whether it is not complete. */
const is_sync_kiocb = (iocb: kiocb): boolean => load32(iocb.addr + KI_CTX) === 0;

/** A synchronous request on this task's stack; end it by wait_on_sync_kiocb(). @linux init_sync_kiocb() */
export function sync_kiocb_onstack(): kiocb {
  const iocb = kiocb.at(stack_alloc(kiocb.sizeof));
  memset(iocb.addr, 0, kiocb.sizeof);
  set64(iocb.ki_obj, current.addr, 0);
  return iocb;
}

/** Waits until a synchronous request is complete. @returns its result @context may sleep */
export function wait_on_sync_kiocb(iocb: kiocb): number {
  while (is_sync_kiocb(iocb)) {
    set_current_state(TASK_UNINTERRUPTIBLE);
    if (!is_sync_kiocb(iocb)) break;
    schedule();
  }
  __set_current_state(TASK_RUNNING);
  const res = lo32(iocb.ki_user_data) | 0;
  stack_free(kiocb.sizeof);
  return res;
}

function complete_sync_kiocb(iocb: kiocb, res: number): void {
  // NOT LINUX: loaded before the store that lets the waiter go, who owns the memory. v3.17 loads it after; 599bd19bdc4c
  // (v4.1) took it away.
  const task = task_struct.at(lo32(iocb.ki_obj));
  set64(iocb.ki_user_data, res, res >> 31);
  smp_wmb(); // the result before what says that it is there
  store32(iocb.$ki_ctx, -EXDEV);
  wake_up_process(task);
}

/**
 * Completes a request. The request is gone afterwards, and so may its context be.
 *
 * @param res - bytes moved, or -errno
 * @param res2 - a second result
 * @context any, also an interrupt; does not sleep. A slot was reserved at submission: it cannot fail
 * @locks takes ctx_lock for a request that was cancellable; takes completion_lock
 */
export function aio_complete(iocb: kiocb, res: number, res2: number): void {
  if (is_sync_kiocb(iocb)) {
    complete_sync_kiocb(iocb, res);
    return;
  }
  const ctx = iocb.ki_ctx;
  if (!fixed.refcount_requests) rcu_read_lock(); // the context is freed by call_rcu(): this keeps it to the end

  // "Was it ever listed", not "is it listed": who cancels unlinks it first, and we must wait for him.
  if (was_listed(iocb)) {
    const flags = spin_lock_irqsave(ctx.ctx_lock);
    list_del(iocb.ki_list);
    spin_unlock_irqrestore(ctx.ctx_lock, flags);
  }

  const flags = spin_lock_irqsave(ctx.completion_lock);
  const slot = ctx.tail;
  const pos = slot + AIO_EVENTS_OFFSET;
  const tail = slot + 1 >= ctx.nr_events ? 0 : slot + 1;
  const ev_page = kmap_ring_page(ctx, (pos / AIO_EVENTS_PER_PAGE) | 0);
  // By its address: a view for each slot of each ring would push everything else out of the cache.
  const event = ev_page + (pos % AIO_EVENTS_PER_PAGE) * EVENT_BYTES;
  copy64((event + OBJ) as Addr<U64>, iocb.ki_obj);
  copy64((event + DATA) as Addr<U64>, iocb.ki_user_data);
  set64((event + RES) as Addr<U64>, res, res >> 31);
  set64((event + RES2) as Addr<U64>, res2, res2 >> 31);
  trace(TP.aio_complete, ctx.addr, slot, lo32(iocb.ki_obj));

  // The event before the tail. Pairs with smp_rmb() in aio_read_events_ring(), and user space's load of the tail.
  if (fixed.write_barrier) smp_wmb();
  ctx.tail = tail;
  const ring = aio_ring.at(kmap_ring_page(ctx, 0));
  const head = ring.head;
  ring.tail = tail;
  if (!fixed.write_barrier) smp_wmb(); // too late: the tail may have been seen

  if (fixed.track_ring_occupancy) {
    const completed = ctx.completed_events + 1;
    ctx.completed_events = completed;
    if (completed > 1) refill_reqs_available(ctx, head, tail);
  }
  // v2.6.24 looked here, where nothing has made the tail seen. It kept the request, which its submitter freed.
  if (!fixed.wake_after_tail) wake_waiters(ctx);
  spin_unlock_irqrestore(ctx.completion_lock, flags);

  const eventfd = iocb.ki_eventfd;
  if (eventfd !== null) eventfd_signal(eventfd, 1);
  kiocb_free(iocb);
  // The slot is called free, its event unread. Still earlier, who reads the event gives it back.
  if (!fixed.track_ring_occupancy && fixed.free_user_reaped_slots) put_reqs_available(ctx, 1);

  if (fixed.wake_after_tail) {
    // Pairs with prepare_to_wait() in read_events(): the tail is seen before we look for sleepers.
    smp_mb();
    wake_waiters(ctx);
  }

  if (fixed.refcount_requests) percpu_ref_put(ctx.reqs);
  else rcu_read_unlock();
}

function wake_waiters(ctx: kioctx): void {
  if (waitqueue_active(ctx.wait)) wake_up(ctx.wait);
}
