// SPDX-License-Identifier: GPL-2.0-only
/**
 * The system calls. Each returns what user space gets: a count or 0, or -errno.
 *
 * @context user mode
 * @linux fs/aio.c SYSCALL_DEFINE…(io_setup … io_getevents) v3.17
 */
import type { Addr } from '../../arch/sab/memory.ts';
import { container_of, lo32 } from '../../arch/sab/struct.ts';
import { spin_lock_irq, spin_unlock_irq } from '../../kernel/locking/spinlock.ts';
import { completion_onstack, free_completion_onstack, wait_for_completion } from '../../kernel/sched/completion.ts';
import { clear_signal, current, kernel_enter, kernel_exit } from '../../kernel/sched/core.ts';
import { type list_head, list_next } from '../../lib/list.ts';
import { percpu_ref_get, percpu_ref_put } from '../../lib/percpu-refcount.ts';
import { mm_struct } from '../../mm/mm_types.ts';
import { get_user, put_user, user_fault } from '../../mm/uaccess.ts';
import { fixed } from '../../reverts/registry.ts';
import { TP } from '../../trace/events.ts';
import { trace } from '../../trace/flight_recorder.ts';
import { iocb, KIOCB_KEY } from '../../uapi/aio_abi.ts';
import { EFAULT, EINPROGRESS, EINVAL, IS_ERR } from '../../uapi/errno.ts';
import { kiocb_cancel } from './cancel.ts';
import { free_ioctx, kill_ioctx } from './destroy.ts';
import { kiocb, type kioctx } from './kioctx.ts';
import { read_events } from './read_events.ts';
import { ioctx_alloc, lookup_ioctx } from './setup.ts';
import { do_io_submit } from './submit.ts';

/**
 * Makes a context for at least `nr_events` events in flight.
 * @param ctxp - user address of an aio_context_t that is 0, where the handle is stored
 */
export function sys_io_setup(nr_events: number, ctxp: number): number {
  kernel_enter();
  trace(TP.sys_io_setup, nr_events);
  const ret = io_setup(nr_events >>> 0, ctxp);
  trace(TP.sys_io_setup_done, ret);
  return syscall_exit(ret);
}

function io_setup(nr_events: number, ctxp: number): number {
  const lo = get_user(ctxp);
  if (user_fault()) return -EFAULT;
  const hi = get_user(ctxp + 4);
  if (user_fault()) return -EFAULT;
  if (lo !== 0 || hi !== 0 || nr_events === 0) return -EINVAL;

  const ioctx = ioctx_alloc(nr_events);
  if (IS_ERR(ioctx)) return ioctx;
  put_user(ioctx.user_id, ctxp);
  const fault = user_fault();
  if (!fixed.hold_new_context) {
    // No reference of its own: whoever guesses the handle may have destroyed the context.
    if (!fault) return 0;
    percpu_ref_get(ioctx.users);
  }
  if (fault && !fixed.async_destroy) {
    kill_and_wait(mm_struct.at(current.mm), ioctx); // whoever drops the last reference frees
  } else {
    if (fault) kill_ioctx(mm_struct.at(current.mm), ioctx, null, true);
    percpu_ref_put(ioctx.users);
  }
  return fault ? -EFAULT : 0;
}

/**
 * Ends a context: cancels what can be cancelled, waits for the rest, throws unread events away.
 * Of several calls at once one returns 0, after all requests are done; the others -EINVAL at once.
 */
export function sys_io_destroy(ctx_id: number): number {
  kernel_enter();
  trace(TP.sys_io_destroy, ctx_id);
  const ret = io_destroy(ctx_id);
  trace(TP.sys_io_destroy_done, ret, ctx_id);
  return syscall_exit(ret);
}

function io_destroy(ctx_id: number): number {
  const ioctx = lookup_ioctx(ctx_id);
  if (ioctx === null) return -EINVAL;
  const mm = mm_struct.at(current.mm);
  if (!fixed.wait_for_requests) {
    const ret = kill_ioctx(mm, ioctx, null, true); // nobody waits for the requests
    percpu_ref_put(ioctx.users);
    return fixed.refuse_second_destroy ? ret : 0;
  }
  return kill_and_wait(mm, ioctx);
}

/** Ends a context to which the caller has a reference, and waits for its requests. @returns 0 or -EINVAL */
function kill_and_wait(mm: mm_struct, ioctx: kioctx): number {
  const requests_done = completion_onstack();
  const ret = kill_ioctx(mm, ioctx, requests_done, true);
  percpu_ref_put(ioctx.users);
  if (ret === 0 || !fixed.refuse_second_destroy) wait_for_completion(requests_done);
  if (ret === 0 && !fixed.async_destroy && fixed.refcount_requests) free_ioctx(ioctx); // on the caller's time
  free_completion_onstack();
  return fixed.refuse_second_destroy ? ret : 0; // else: the loser, who has waited for nothing, succeeds as well
}

/** Submits `nr` requests. @param iocbpp - user address of an array of pointers to iocbs */
export function sys_io_submit(ctx_id: number, nr: number, iocbpp: number): number {
  kernel_enter();
  trace(TP.sys_io_submit, ctx_id, nr);
  const ret = do_io_submit(ctx_id, nr, iocbpp);
  trace(TP.sys_io_submit_done, ret, ctx_id);
  return syscall_exit(ret);
}

/** The cancellable request that was submitted from that iocb, the youngest first. @locks ctx_lock held */
function lookup_kiocb(ctx: kioctx, user_iocb: number, key: number): kiocb | null {
  if (key !== KIOCB_KEY) return null;
  const head = ctx.active_reqs;
  for (let entry = list_next(head); entry !== head; entry = list_next(entry)) {
    const req = container_of(entry as Addr<list_head>, kiocb, 'ki_list');
    if (lo32(req.ki_obj) === user_iocb) return req;
  }
  return null;
}

/**
 * Has a request cancelled. Its event comes through the ring all the same, hence -EINPROGRESS where it worked.
 * @param user_iocb - user address of the iocb
 */
export function sys_io_cancel(ctx_id: number, user_iocb: number): number {
  kernel_enter();
  trace(TP.sys_io_cancel, ctx_id, user_iocb);
  const ret = io_cancel(ctx_id, user_iocb);
  trace(TP.sys_io_cancel_done, ret, ctx_id);
  return syscall_exit(ret);
}

function io_cancel(ctx_id: number, user_iocb: number): number {
  const key = get_user(user_iocb + iocb.offsetof.aio_key);
  if (user_fault()) return -EFAULT;
  const ctx = lookup_ioctx(ctx_id);
  if (ctx === null) return -EINVAL;
  spin_lock_irq(ctx.ctx_lock);
  const req = lookup_kiocb(ctx, user_iocb, key);
  const ret = req !== null ? kiocb_cancel(req) : -EINVAL;
  spin_unlock_irq(ctx.ctx_lock);
  percpu_ref_put(ctx.users);
  return ret === 0 ? -EINPROGRESS : ret;
}

/**
 * Gets events.
 * @param events - user address of room for `nr` events
 * @param timeout - user address of a timespec, 0 to wait for as long as it takes
 */
export function sys_io_getevents(ctx_id: number, min_nr: number, nr: number, events: number, timeout: number): number {
  kernel_enter();
  trace(TP.sys_io_getevents, ctx_id, min_nr, nr);
  const ret = io_getevents(ctx_id, min_nr, nr, events, timeout);
  trace(TP.sys_io_getevents_done, ret, ctx_id);
  return syscall_exit(ret);
}

function io_getevents(ctx_id: number, min_nr: number, nr: number, events: number, timeout: number): number {
  const ioctx = lookup_ioctx(ctx_id);
  if (ioctx === null) return -EINVAL;
  const ret = min_nr <= nr && min_nr >= 0 ? read_events(ioctx, min_nr, nr, events, timeout) : -EINVAL;
  percpu_ref_put(ioctx.users);
  return ret;
}

/** Back to user mode, where a pending signal is taken. */
function syscall_exit(ret: number): number {
  if (current.sigpending !== 0) clear_signal();
  kernel_exit();
  return ret;
}
