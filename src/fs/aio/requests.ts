// SPDX-License-Identifier: GPL-2.0-only
/**
 * Slots and requests.
 *
 * A request needs a slot of the ring from submission until its event has been read, or the ring could overflow. Free
 * slots are counted in ctx.reqs_available and, so that submitters do not fight for that word, in a small store of each
 * CPU. Who reads events does not tell: user space just advances the head. So a completion is noted in
 * completed_events, and its slot comes back when head and tail show that an event has been read:
 *
 *   reqs_available + every CPU's store + live requests + completed_events == nr_events - 1
 *
 * at every moment but inside these functions.
 *
 * @linux fs/aio.c put_reqs_available() … kiocb_free() v3.17
 */
import { atomic_add, atomic_cmpxchg, atomic_read } from '../../arch/sab/atomic.ts';
import { irqs_disabled, local_irq_restore, local_irq_save } from '../../arch/sab/cpu.ts';
import { load32, store32 } from '../../arch/sab/memory.ts';
import { spin_lock_irq, spin_unlock_irq } from '../../kernel/locking/spinlock.ts';
import { INIT_LIST_HEAD } from '../../lib/list.ts';
import { percpu_ref_get } from '../../lib/percpu-refcount.ts';
import { this_cpu_ptr } from '../../mm/percpu.ts';
import { kmem_cache_alloc, kmem_cache_free } from '../../mm/slab.ts';
import { fixed } from '../../reverts/registry.ts';
import { TP } from '../../trace/events.ts';
import { trace } from '../../trace/flight_recorder.ts';
import { aio_ring } from '../../uapi/aio_abi.ts';
import { eventfd_ctx_put } from '../eventfd.ts';
import { fput } from '../file.ts';
import { kiocb, kiocb_cachep, type kioctx, kmap_ring_page } from './kioctx.ts';

/** Begins to change this CPU's store, which an interrupt changes as well. @returns the flags for local_irq_restore() */
const lock_store = (): boolean => (fixed.protect_slots_from_interrupts ? local_irq_save() : irqs_disabled());

/** Gives slots back to this CPU's store, and from there, in batches, to all. @context any, also from a completion */
export function put_reqs_available(ctx: kioctx, nr: number): void {
  const flags = lock_store();
  const kcpu = this_cpu_ptr(ctx.cpu);
  store32(kcpu, load32(kcpu) + nr);
  const batch = ctx.req_batch;
  while (load32(kcpu) >= batch * 2) {
    store32(kcpu, load32(kcpu) - batch);
    atomic_add(batch, ctx.reqs_available);
  }
  local_irq_restore(flags);
}

/** Takes a slot from this CPU's store, which takes a batch from all if it is empty. @returns whether there was one */
function get_reqs_available(ctx: kioctx): boolean {
  let ret = false;
  const flags = lock_store();
  const kcpu = this_cpu_ptr(ctx.cpu);
  out: {
    if (load32(kcpu) === 0) {
      const batch = ctx.req_batch;
      let avail = atomic_read(ctx.reqs_available);
      for (;;) {
        // An int and an unsigned: C compares them unsigned.
        if (avail >>> 0 < batch) break out;
        const old = avail;
        avail = atomic_cmpxchg(ctx.reqs_available, old, old - batch);
        if (avail === old) break;
      }
      store32(kcpu, load32(kcpu) + batch);
    }
    ret = true;
    store32(kcpu, load32(kcpu) - 1);
  }
  local_irq_restore(flags);
  return ret;
}

/**
 * Gives back the slots of completed events that are no longer in the ring.
 *
 * @param head - as read from the ring: any number, user space can write it
 * @param tail - the trusted one
 * @locks completion_lock held
 */
export function refill_reqs_available(ctx: kioctx, head: number, tail: number): void {
  const nr_events = ctx.nr_events;
  if (head >= nr_events) head %= nr_events;
  const events_in_ring = head <= tail ? tail - head : nr_events - (head - tail);
  const completed = ctx.completed_events - events_in_ring;
  if (completed <= 0) return;
  ctx.completed_events -= completed;
  put_reqs_available(ctx, completed);
  trace(TP.refill, ctx.addr, completed);
}

/** As refill_reqs_available(), for a submitter that found no slot. @locks takes completion_lock */
function user_refill_reqs_available(ctx: kioctx): void {
  spin_lock_irq(ctx.completion_lock);
  if (ctx.completed_events !== 0) {
    // A reader may store the head right now. Whichever value is read is a valid one.
    const head = aio_ring.at(kmap_ring_page(ctx, 0)).head;
    refill_reqs_available(ctx, head, ctx.tail);
  }
  spin_unlock_irq(ctx.completion_lock);
}

/** Takes a slot, after a look at what user space has read if there is none. @returns whether there was one */
function get_reqs_available_refilled(ctx: kioctx): boolean {
  if (get_reqs_available(ctx)) return true;
  if (!fixed.track_ring_occupancy) return false; // slots come back elsewhere: there is nothing to refill
  user_refill_reqs_available(ctx);
  return get_reqs_available(ctx);
}

/** A request with a slot; that of NULL if there is no slot, or no memory. @context may sleep */
export function aio_get_req(ctx: kioctx): kiocb {
  const req = kiocb.at(get_reqs_available_refilled(ctx) ? alloc_kiocb(ctx) : 0);
  if (req.addr !== 0) req.ki_ctx = ctx;
  if (req.addr !== 0 && !fixed.cancel_before_unlink) INIT_LIST_HEAD(req.ki_list); // else: zero, which is never listed
  return req;
}

function alloc_kiocb(ctx: kioctx): number {
  const addr = kmem_cache_alloc(kiocb_cachep);
  if (addr === 0) put_reqs_available(ctx, 1);
  else if (fixed.refcount_requests) percpu_ref_get(ctx.reqs); // else: requests are not counted
  return addr;
}

/** Frees a request and what it holds. */
export function kiocb_free(req: kiocb): void {
  const filp = req.ki_filp;
  if (filp.addr !== 0) fput(filp);
  const eventfd = req.ki_eventfd;
  if (eventfd !== null) eventfd_ctx_put(eventfd);
  kmem_cache_free(kiocb_cachep, req.addr);
}
