// SPDX-License-Identifier: GPL-2.0-only
/**
 * The end of a context as it was before e34ecee2ae79 ("aio: Fix a trinity splat", v3.13): whole functions.
 *
 * Requests are not counted. A kworker waits until the ring has all its slots back, and believes head and tail, which
 * user space can write: scribble a distance into the ring, and the context is freed under its requests.
 *
 *   CPU 1 (user)              CPU 2 (kworker)                  CPU 3 (completer)
 *   submit 10 slow requests
 *   head = 0, tail = 126
 *   io_destroy ─────────────▶ avail = 126: all slots are back
 *                             free the ring and the context
 *                                                              aio_complete(): ki_ctx is freed
 *
 * Without a hostile user there is a second race, which hangs: an event that comes between the two loads of tail is
 * counted by neither turn of the loop, and the kworker waits for its slot for ever.
 *
 * v3.12 gave a slot back when its event was read; on v3.17's books a completed event waits in completed_events. So the
 * books are brought to where v3.12's are first: what has been read has its slot back, and no completion changes that.
 *
 * On this build aio_complete() runs in an RCU read section, aio_get_req() takes no reference and nobody drops one.
 */
import { atomic_add, atomic_read } from '../arch/sab/atomic.ts';
import { num_possible_cpus } from '../arch/sab/cpu.ts';
import { fn } from '../arch/sab/functable.ts';
import { type Addr, load32, store32 } from '../arch/sab/memory.ts';
import { container_of } from '../arch/sab/struct.ts';
import { cancel_active_reqs } from '../fs/aio/cancel.ts';
import { kioctx, kioctx_cachep, kmap_ring_page } from '../fs/aio/kioctx.ts';
import { refill_reqs_available } from '../fs/aio/requests.ts';
import { aio_free_ring } from '../fs/aio/ring.ts';
import { spin_lock_irq, spin_unlock_irq } from '../kernel/locking/spinlock.ts';
import { WARN_ON } from '../kernel/panic.ts';
import { call_rcu, type rcu_head } from '../kernel/rcu/tree.ts';
import { complete } from '../kernel/sched/completion.ts';
import { schedule, TASK_UNINTERRUPTIBLE } from '../kernel/sched/core.ts';
import { DEFINE_WAIT, FREE_WAIT, finish_wait, prepare_to_wait } from '../kernel/sched/wait.ts';
import { INIT_WORK, schedule_work, type work_struct } from '../kernel/workqueue.ts';
import { type percpu_ref, percpu_ref_exit } from '../lib/percpu-refcount.ts';
import { free_percpu, per_cpu_ptr } from '../mm/percpu.ts';
import { kmem_cache_free } from '../mm/slab.ts';
import { TP } from '../trace/events.ts';
import { trace } from '../trace/flight_recorder.ts';
import { aio_ring } from '../uapi/aio_abi.ts';
import { EAGAIN } from '../uapi/errno.ts';
import { release_quota_and_mapping_late } from './async_destroy.ts';
import { fixed } from './registry.ts';

/** What the old ioctx_alloc() said when its table could not grow, whatever the reason; and it kept the quota. */
export const ADD_TABLE_FAILED = -EAGAIN;

const free_ioctx_rcu = fn('free_ioctx_rcu', function free_ioctx_rcu(head: Addr<rcu_head>) {
  const ctx = container_of(head, kioctx, 'rcu_head');
  free_percpu(ctx.cpu);
  percpu_ref_exit(ctx.reqs);
  percpu_ref_exit(ctx.users);
  kmem_cache_free(kioctx_cachep, ctx.addr);
});

/** completed_events of a context that is being freed: too few for a completion to give slots back. */
const NEVER_ENOUGH = -0x4000_0000;

/** Gives back the slots of read events, for the last time, and adds the own slots of CPUs to the common count. */
function settle_slots(ctx: kioctx): void {
  spin_lock_irq(ctx.completion_lock);
  refill_reqs_available(ctx, aio_ring.at(kmap_ring_page(ctx, 0)).head, ctx.tail);
  ctx.completed_events = NEVER_ENOUGH;
  spin_unlock_irq(ctx.completion_lock);
  for (let cpu = 0; cpu < num_possible_cpus(); cpu++) {
    const kcpu = per_cpu_ptr(ctx.cpu, cpu);
    atomic_add(load32(kcpu), ctx.reqs_available);
    store32(kcpu, 0);
  }
}

/** Counts the slots that the ring says are in use as free, and empties it. @returns whether all slots are free now */
function reap_ring(ctx: kioctx): boolean {
  const ring = aio_ring.at(kmap_ring_page(ctx, 0));
  const head = ring.head;
  const tail = ring.tail;
  const avail = head <= tail ? tail - head : ctx.nr_events - head + tail;
  atomic_add(avail | 0, ctx.reqs_available);
  ring.head = ring.tail;
  // An int and an unsigned: C compares them unsigned.
  return atomic_read(ctx.reqs_available) >>> 0 >= ctx.nr_events - 1;
}

const free_ioctx_before = fn('free_ioctx (before)', function free_ioctx_before(work: Addr<work_struct>) {
  const ctx = container_of(work, kioctx, 'free_work');
  cancel_active_reqs(ctx);
  settle_slots(ctx);
  const wait = DEFINE_WAIT();
  for (;;) {
    prepare_to_wait(ctx.wait, wait, TASK_UNINTERRUPTIBLE);
    if (reap_ring(ctx)) break;
    schedule();
  }
  finish_wait(ctx.wait, wait);
  FREE_WAIT();
  WARN_ON(atomic_read(ctx.reqs_available) >>> 0 > ctx.nr_events - 1, 'ctx->reqs_available > ctx->nr_events - 1');

  // Here the old kernel believed that every request was done.
  const requests_done = ctx.requests_done;
  if (requests_done !== null && fixed.async_destroy) complete(requests_done);
  trace(TP.free_ioctx, ctx.addr);
  aio_free_ring(ctx);
  release_quota_and_mapping_late(ctx);
  if (requests_done !== null && !fixed.async_destroy) complete(requests_done); // all of it on the caller's time
  call_rcu(ctx.rcu_head, free_ioctx_rcu);
});

/** What the last put of kioctx.users called. */
export const free_ioctx_users_before_fn = fn('free_ioctx_ref', function free_ioctx_ref(ref: Addr<percpu_ref>) {
  const ctx = container_of(ref, kioctx, 'users');
  INIT_WORK(ctx.free_work, free_ioctx_before);
  schedule_work(ctx.free_work);
});
