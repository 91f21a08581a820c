// SPDX-License-Identifier: GPL-2.0-only
/**
 * The end of a context, in stages that follow from reference counts reaching zero:
 *
 *   kill_ioctx()         dead, out of the table, quota and mapping given back; users is killed
 *     ┄ grace period ┄
 *   free_ioctx_users()   no syscall is in it: cancel what can be cancelled; reqs is killed
 *     ┄ grace period ┄   and the last request completes
 *   free_ioctx_reqs()    tell the destroyer; queue
 *   free_ioctx()         a kworker frees the ring and the context
 *
 * @linux fs/aio.c kiocb_cancel() … free_ioctx_users(), kill_ioctx(), exit_aio() v3.17
 */
import { atomic_xchg } from '../../arch/sab/atomic.ts';
import { type Fn, fn } from '../../arch/sab/functable.ts';
import { type Addr, load32, store32 } from '../../arch/sab/memory.ts';
import { container_of } from '../../arch/sab/struct.ts';
import { spin_lock, spin_unlock } from '../../kernel/locking/spinlock.ts';
import { WARN_ON } from '../../kernel/panic.ts';
import { call_rcu, rcu_dereference_raw, type rcu_head, synchronize_rcu } from '../../kernel/rcu/tree.ts';
import {
  complete,
  type completion,
  completion_onstack,
  free_completion_onstack,
  wait_for_completion,
} from '../../kernel/sched/completion.ts';
import { wake_up_all } from '../../kernel/sched/wait.ts';
import { INIT_WORK, schedule_work, type work_struct } from '../../kernel/workqueue.ts';
import {
  type percpu_ref,
  percpu_ref_exit,
  percpu_ref_kill,
  percpu_ref_put,
  type RefRelease,
} from '../../lib/percpu-refcount.ts';
import type { mm_struct } from '../../mm/mm_types.ts';
import { vm_munmap } from '../../mm/mmap.ts';
import { free_percpu } from '../../mm/percpu.ts';
import { kfree, kmem_cache_free } from '../../mm/slab.ts';
import { release_quota_and_mapping_late } from '../../reverts/async_destroy.ts';
import { free_ioctx_users_before_fn } from '../../reverts/refcount_requests.ts';
import { fixed } from '../../reverts/registry.ts';
import { TP } from '../../trace/events.ts';
import { trace } from '../../trace/flight_recorder.ts';
import { EINVAL } from '../../uapi/errno.ts';
import { cancel_active_reqs } from './cancel.ts';
import { aio_nr_sub, kioctx, kioctx_cachep, kioctx_table, kioctx_table_slot } from './kioctx.ts';
import { aio_free_ring } from './ring.ts';

/** Frees the context and all of it. @context may sleep; nobody else has it @linux fs/aio.c free_ioctx() v3.17 */
export function free_ioctx(ctx: kioctx): void {
  trace(TP.free_ioctx, ctx.addr);
  aio_free_ring(ctx);
  release_quota_and_mapping_late(ctx);
  free_percpu(ctx.cpu);
  percpu_ref_exit(ctx.reqs);
  percpu_ref_exit(ctx.users);
  kmem_cache_free(kioctx_cachep, ctx.addr);
}
const free_ioctx_fn = fn('free_ioctx', (work: Addr<work_struct>) =>
  free_ioctx(container_of(work, kioctx, 'free_work')),
);

function free_ioctx_rcufn(head: Addr<rcu_head>): void {
  const ctx = container_of(head, kioctx, 'rcu_head');
  INIT_WORK(ctx.free_work, free_ioctx_fn);
  schedule_work(ctx.free_work);
}
const free_ioctx_rcufn_fn = fn('free_ioctx_rcufn', free_ioctx_rcufn);

/** No request is left. @context any, in an RCU read section @linux fs/aio.c free_ioctx_reqs() v3.17 */
export const free_ioctx_reqs_fn = fn('free_ioctx_reqs', function free_ioctx_reqs(ref: Addr<percpu_ref>) {
  const ctx = container_of(ref, kioctx, 'reqs');
  trace(TP.free_ioctx_reqs, ctx.addr);
  const requests_done = ctx.requests_done;
  const freed_by_caller = ctx.freed_by_caller !== 0;
  if (requests_done !== null) complete(requests_done);
  if (freed_by_caller) return; // by free_ioctx(), in io_destroy()
  if (fixed.free_contexts_after_readers) call_rcu(ctx.rcu_head, free_ioctx_rcufn_fn);
  else free_ioctx_rcufn(ctx.rcu_head); // whoever has found it in the table may still look at it
});

/** No syscall is in the context any more, hence no request can be added. @linux fs/aio.c free_ioctx_users() v3.17 */
const free_ioctx_users_fn = fn('free_ioctx_users', function free_ioctx_users(ref: Addr<percpu_ref>) {
  const ctx = container_of(ref, kioctx, 'users');
  trace(TP.free_ioctx_users, ctx.addr);
  cancel_active_reqs(ctx);
  percpu_ref_kill(ctx.reqs);
  percpu_ref_put(ctx.reqs);
});

/** What the last put of kioctx.users calls. */
export const users_release = (): Fn<RefRelease> =>
  fixed.refcount_requests ? free_ioctx_users_fn : free_ioctx_users_before_fn;

/**
 * Begins the end of a context: nobody finds it any more, and nobody can wait in it. Only the first call does anything.
 *
 * Quota and mapping are given back here, before the requests are done, because user space could not wait for
 * anything else: otherwise io_setup() may fail although user space owns nothing.
 *
 * @param requests_done - told when no request is left; null if nobody waits
 * @param in_syscall - not from exit_aio()
 * @returns 0, or -EINVAL if it was dead already
 * @context may sleep @locks takes mm.ioctx_lock, ctx.wait.lock, aio_nr_lock, mmap_sem
 * @linux fs/aio.c kill_ioctx() v3.17
 */
export function kill_ioctx(mm: mm_struct, ctx: kioctx, requests_done: completion | null, in_syscall: boolean): number {
  if (atomic_xchg(ctx.dead, 1) !== 0) {
    if (!fixed.refuse_second_destroy && requests_done !== null) complete(requests_done); // who lost waits for nothing
    return -EINVAL;
  }
  trace(TP.kill_ioctx, ctx.addr);

  spin_lock(mm.ioctx_lock);
  const table = kioctx_table.at(rcu_dereference_raw(mm.$ioctx_table));
  const slot = kioctx_table_slot(table, ctx.id);
  WARN_ON(load32(slot) !== ctx.addr, 'ctx != table->table[ctx->id]');
  store32(slot, 0);
  spin_unlock(mm.ioctx_lock);

  if (!fixed.async_destroy && in_syscall) synchronize_rcu(); // the caller waits out a grace period

  wake_up_all(ctx.wait);

  if (fixed.async_destroy) {
    aio_nr_sub(ctx.max_reqs);
    if (ctx.mmap_size !== 0) vm_munmap(mm, ctx.mmap_base, ctx.mmap_size);
  }
  if (!fixed.async_destroy && in_syscall && requests_done !== null) ctx.freed_by_caller = 1;
  ctx.requests_done = requests_done;
  percpu_ref_kill(ctx.users);
  return 0;
}

/**
 * The process is gone: ends all its contexts, one after the other, and waits for their requests.
 * The mappings go with the mm.
 *
 * @context may sleep; nobody else uses the mm
 * @linux fs/aio.c exit_aio() v3.17
 */
export function exit_aio(mm: mm_struct): void {
  trace(TP.exit_aio, mm.addr);
  const table = kioctx_table.from(rcu_dereference_raw(mm.$ioctx_table));
  if (table === null) return;
  for (let i = 0; i < table.nr; i++) {
    const ctx = kioctx.from(load32(kioctx_table_slot(table, i)));
    if (ctx === null) continue;
    ctx.mmap_size = 0;
    if (!fixed.exit_waits) {
      kill_ioctx(mm, ctx, null, false); // nobody waits for the requests
      continue;
    }
    const requests_done = completion_onstack();
    kill_ioctx(mm, ctx, requests_done, false);
    wait_for_completion(requests_done);
    free_completion_onstack();
  }
  mm.ioctx_table = 0;
  kfree(table.addr);
}
