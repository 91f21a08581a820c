// SPDX-License-Identifier: GPL-2.0-only
/**
 * Making a context, its place in the process's table, the quota, and finding a context by its handle.
 *
 * @linux fs/aio.c ioctx_add_table() … ioctx_alloc(), lookup_ioctx() v3.17
 */
import { atomic_set } from '../../arch/sab/atomic.ts';
import { num_possible_cpus } from '../../arch/sab/cpu.ts';
import { fn } from '../../arch/sab/functable.ts';
import { type Addr, load32, memcpy, store32 } from '../../arch/sab/memory.ts';
import { container_of } from '../../arch/sab/struct.ts';
import { mutex_init, mutex_lock, mutex_unlock } from '../../kernel/locking/mutex.ts';
import { spin_lock, spin_lock_init, spin_unlock } from '../../kernel/locking/spinlock.ts';
import {
  call_rcu,
  rcu_assign_pointer,
  rcu_dereference,
  rcu_dereference_raw,
  type rcu_head,
  rcu_read_lock,
  rcu_read_unlock,
} from '../../kernel/rcu/tree.ts';
import { current } from '../../kernel/sched/core.ts';
import { init_waitqueue_head } from '../../kernel/sched/wait.ts';
import { INIT_LIST_HEAD } from '../../lib/list.ts';
import { percpu_ref_exit, percpu_ref_get, percpu_ref_init, percpu_ref_tryget_live } from '../../lib/percpu-refcount.ts';
import { mm_struct } from '../../mm/mm_types.ts';
import { vm_munmap } from '../../mm/mmap.ts';
import { alloc_percpu, free_percpu } from '../../mm/percpu.ts';
import { kfree, kmem_cache_alloc, kmem_cache_free, kzalloc } from '../../mm/slab.ts';
import { get_user, user_fault } from '../../mm/uaccess.ts';
import { ADD_TABLE_FAILED } from '../../reverts/refcount_requests.ts';
import { fixed } from '../../reverts/registry.ts';
import { charge_and_test } from '../../reverts/test_before_charging.ts';
import { TP } from '../../trace/events.ts';
import { trace } from '../../trace/flight_recorder.ts';
import { aio_ring, io_event } from '../../uapi/aio_abi.ts';
import { EAGAIN, EINVAL, ENOMEM } from '../../uapi/errno.ts';
import { free_ioctx_reqs_fn, users_release } from './destroy.ts';
import {
  aio,
  aio_nr_sub,
  KIOCB_BYTES_IN_C,
  kioctx,
  kioctx_cachep,
  kioctx_table,
  kioctx_table_bytes,
  kioctx_table_slot,
  kmap_ring_page,
} from './kioctx.ts';
import { aio_free_ring, aio_setup_ring } from './ring.ts';

const kfree_table_rcu = fn('kfree_rcu(kioctx_table)', function kfree_rcu_kioctx_table(head: Addr<rcu_head>) {
  kfree(container_of(head, kioctx_table, 'rcu').addr);
});

/** Gives the context a slot, growing the table if there is none. @returns 0 or -ENOMEM @locks takes mm.ioctx_lock */
function ioctx_add_table(ctx: kioctx, mm: mm_struct): number {
  spin_lock(mm.ioctx_lock);
  let table = kioctx_table.from(rcu_dereference_raw(mm.$ioctx_table));
  for (;;) {
    if (table !== null) {
      for (let i = 0; i < table.nr; i++) {
        if (load32(kioctx_table_slot(table, i)) !== 0) continue;
        ctx.id = i;
        store32(kioctx_table_slot(table, i), ctx.addr);
        spin_unlock(mm.ioctx_lock);
        // The page cannot move: ring_lock is held.
        aio_ring.at(kmap_ring_page(ctx, 0)).id = ctx.id;
        return 0;
      }
    }
    const new_nr = (table !== null ? table.nr : 1) * 4;
    spin_unlock(mm.ioctx_lock);
    const addr = kzalloc(kioctx_table_bytes(new_nr));
    if (addr === 0) return -ENOMEM;
    const grown = kioctx_table.at(addr);
    grown.nr = new_nr;

    spin_lock(mm.ioctx_lock);
    const old = kioctx_table.from(rcu_dereference_raw(mm.$ioctx_table));
    if (old === null) {
      rcu_assign_pointer(mm.$ioctx_table, addr);
      table = grown;
    } else if (new_nr > old.nr) {
      memcpy(kioctx_table_slot(grown, 0), kioctx_table_slot(old, 0), 4 * old.nr);
      rcu_assign_pointer(mm.$ioctx_table, addr);
      call_rcu(old.rcu, kfree_table_rcu);
      table = grown;
    } else {
      kfree(addr);
      table = old;
    }
  }
}

/** Charges requests against the quota. @returns whether there was room @locks takes aio_nr_lock */
function charge(requests: number): boolean {
  const g = aio.it;
  spin_lock(g.aio_nr_lock);
  const fits = g.aio_nr + requests <= g.aio_max_nr * 2 && (g.aio_nr + requests) >>> 0 >= g.aio_nr;
  if (fits) g.aio_nr += requests;
  spin_unlock(g.aio_nr_lock);
  return fits;
}

/**
 * Makes a context and publishes it. The caller gets a reference to users.
 *
 * ring_lock is held from its birth to the end, so that a migration cannot see a ring that is half made.
 *
 * @param nr_events - what user space asked for, 32 bits unsigned
 * @returns the context or -errno
 * @context may sleep
 * @linux fs/aio.c ioctx_alloc() v3.17
 */
// as long as in C
export function ioctx_alloc(nr_events: number): kioctx | number {
  const mm = mm_struct.at(current.mm);
  // The caches of C CPUs can strand up to half of the slots: ask for twice as many, and enough for every CPU.
  const requests = (Math.max(nr_events, num_possible_cpus() * 4) * 2) >>> 0;
  if (requests > Math.floor(0x10000000 / io_event.sizeof) || requests > Math.floor(0x10000000 / KIOCB_BYTES_IN_C)) {
    return -EINVAL;
  }
  if (requests === 0 || requests > aio.it.aio_max_nr * 2) return -EAGAIN;

  const addr = kmem_cache_alloc(kioctx_cachep);
  if (addr === 0) return -ENOMEM;
  const ctx = kioctx.at(addr);
  ctx.max_reqs = requests;
  ctx.mm = mm;
  spin_lock_init(ctx.ctx_lock, 'ctx_lock');
  spin_lock_init(ctx.completion_lock, 'completion_lock');
  mutex_init(ctx.ring_lock, 'ring_lock');
  if (fixed.serialise_migration) mutex_lock(ctx.ring_lock); // else: migration can see the setup half done
  init_waitqueue_head(ctx.wait, 'ctx.wait');
  INIT_LIST_HEAD(ctx.active_reqs);

  let err = -ENOMEM;
  err_out: {
    if (percpu_ref_init(ctx.users, users_release()) !== 0) break err_out;
    if (percpu_ref_init(ctx.reqs, free_ioctx_reqs_fn) !== 0) break err_out;
    ctx.cpu = alloc_percpu();
    if (ctx.cpu === 0) break err_out;

    err = aio_setup_ring(ctx, requests, mm);
    if (err < 0) break err_out;

    atomic_set(ctx.reqs_available, ctx.nr_events - 1);
    ctx.req_batch = Math.max(1, Math.floor((ctx.nr_events - 1) / (num_possible_cpus() * 4)));

    err_ctx: {
      if (!fixed.publish_last) {
        err = ioctx_add_table(ctx, mm); // and if the quota is used up, it is freed in there
        if (err !== 0) break err_ctx;
      }
      if (!(fixed.test_before_charging ? charge(requests) : charge_and_test(requests))) {
        err = -EAGAIN;
        break err_ctx;
      }

      if (fixed.hold_new_context) percpu_ref_get(ctx.users); // io_setup() drops it
      if (fixed.hold_reqs_for_users) percpu_ref_get(ctx.reqs); // free_ioctx_users() drops it, also where nobody took it

      if (fixed.publish_last) err = ioctx_add_table(ctx, mm);
      if (err !== 0) {
        if (fixed.refcount_requests) aio_nr_sub(ctx.max_reqs);
        else err = ADD_TABLE_FAILED; // and the quota is lost
        break err_ctx;
      }
      if (fixed.serialise_migration) mutex_unlock(ctx.ring_lock);
      trace(TP.ioctx_alloc, ctx.addr, ctx.nr_events, ctx.id);
      return ctx;
    }
    // Without it the mapping stays, without pages.
    if (fixed.unmap_failed_ring && ctx.mmap_size !== 0) vm_munmap(mm, ctx.mmap_base, ctx.mmap_size);
    aio_free_ring(ctx);
  }
  if (fixed.serialise_migration) mutex_unlock(ctx.ring_lock);
  free_percpu(ctx.cpu);
  percpu_ref_exit(ctx.reqs);
  percpu_ref_exit(ctx.users);
  kmem_cache_free(kioctx_cachep, ctx.addr);
  return err;
}

/**
 * Finds a context by its handle, which is the user address of its ring. The ring says which slot of the table it is,
 * and the slot's context must then have that handle.
 *
 * @returns the context with a reference to users, or null
 * @context may sleep
 * @linux fs/aio.c lookup_ioctx() v3.17
 */
export function lookup_ioctx(ctx_id: number): kioctx | null {
  const id = get_user(ctx_id + aio_ring.offsetof.id) >>> 0;
  if (user_fault()) return null;
  let ret: kioctx | null = null;
  rcu_read_lock();
  const mm = mm_struct.at(current.mm);
  const table = kioctx_table.from(rcu_dereference(mm.$ioctx_table));
  if (table !== null && id < table.nr) {
    const ctx = kioctx.from(load32(kioctx_table_slot(table, id)));
    if (ctx !== null && ctx.user_id === ctx_id) {
      if (!fixed.refuse_dying_contexts) {
        percpu_ref_get(ctx.users);
        ret = ctx;
      } else if (percpu_ref_tryget_live(ctx.users)) {
        ret = ctx;
      }
    }
  }
  rcu_read_unlock();
  return ret;
}
