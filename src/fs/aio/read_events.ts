// SPDX-License-Identifier: GPL-2.0-only
/**
 * Reading events out of the ring, and waiting for them.
 *
 * @linux fs/aio.c aio_read_events_ring() … read_events() v3.17
 */
import { atomic_read, smp_rmb } from '../../arch/sab/atomic.ts';
import { sched_clock } from '../../arch/sab/clock.ts';
import { FOREVER } from '../../arch/sab/park.ts';
import { mutex_lock, mutex_unlock } from '../../kernel/locking/mutex.ts';
import { current, schedule_timeout, signal_pending, TASK_INTERRUPTIBLE } from '../../kernel/sched/core.ts';
import { DEFINE_WAIT, FREE_WAIT, finish_wait, prepare_to_wait_event } from '../../kernel/sched/wait.ts';
import { copy_to_user, get_user, user_fault } from '../../mm/uaccess.ts';
import { fixed } from '../../reverts/registry.ts';
import { TP } from '../../trace/events.ts';
import { trace } from '../../trace/flight_recorder.ts';
import { aio_ring, io_event } from '../../uapi/aio_abi.ts';
import { EFAULT, EINTR, EINVAL } from '../../uapi/errno.ts';
import { AIO_EVENTS_OFFSET, AIO_EVENTS_PER_PAGE, type kioctx, kmap_ring_page } from './kioctx.ts';
import { put_reqs_available } from './requests.ts';

const EVENT_BYTES = io_event.sizeof;

/**
 * Copies up to `nr` events to user space and advances the head.
 *
 * @param event - user address
 * @returns events copied, or -EFAULT: then the head stays, and what was copied will come again
 * @context may sleep @locks takes ring_lock, which protects ring_pages here
 */
function aio_read_events_ring(ctx: kioctx, event: number, nr: number): number {
  let ret = 0;
  mutex_lock(ctx.ring_lock);
  out: {
    const first = aio_ring.at(kmap_ring_page(ctx, 0));
    let head = first.head;
    let tail = first.tail;
    // The tail before the events. Pairs with smp_wmb() in aio_complete().
    if (fixed.read_barrier) smp_rmb();
    if (head === tail) break out;

    // User space can write both.
    const nr_events = ctx.nr_events;
    if (fixed.clamp_ring_indexes) {
      head %= nr_events;
      tail %= nr_events;
    }
    const start = head;
    while (ret < nr && head !== tail) {
      // Unsigned, as in C, which matters where they are not clamped.
      const pos = (head + AIO_EVENTS_OFFSET) >>> 0;
      const in_page = pos % AIO_EVENTS_PER_PAGE;
      let avail = ((head <= tail ? tail : nr_events) - head) >>> 0;
      avail = Math.min(avail, nr - ret, AIO_EVENTS_PER_PAGE - in_page);
      const ev = kmap_ring_page(ctx, (pos / AIO_EVENTS_PER_PAGE) | 0);
      if (copy_to_user(event + ret * EVENT_BYTES, ev + in_page * EVENT_BYTES, avail * EVENT_BYTES) !== 0) {
        ret = -EFAULT;
        break out;
      }
      ret += avail;
      head = ((head + avail) >>> 0) % nr_events;
    }
    aio_ring.at(kmap_ring_page(ctx, 0)).head = head;
    trace(TP.read_events, ctx.addr, start, ret);
    if (!fixed.free_user_reaped_slots) put_reqs_available(ctx, ret); // nobody tells when user space reads the ring
  }
  mutex_unlock(ctx.ring_lock);
  return ret;
}

/** Events that the running read_events() of this CPU has got; its result so far. */
let got = 0;

/** Tries to get events. @returns whether the wait is over */
function aio_read_events(ctx: kioctx, min_nr: number, nr: number, event: number): boolean {
  let ret = aio_read_events_ring(ctx, event + got * EVENT_BYTES, nr - got);
  if (ret > 0) got += ret;
  if (atomic_read(ctx.dead) !== 0) ret = -EINVAL;
  if (got === 0) got = ret;
  return ret < 0 || got >= min_nr;
}

/** A timespec of user space in ns; negative ones mean forever, as ktime arithmetic saturates. Sets user_fault(). */
function get_timespec(va: number): number {
  const sec_lo = get_user(va);
  if (user_fault()) return 0;
  const sec_hi = get_user(va + 4);
  if (user_fault()) return 0;
  const nsec_lo = get_user(va + 8);
  if (user_fault()) return 0;
  const nsec_hi = get_user(va + 12);
  if (user_fault()) return 0;
  const ns = (sec_hi * 2 ** 32 + (sec_lo >>> 0)) * 1e9 + nsec_hi * 2 ** 32 + (nsec_lo >>> 0);
  return ns < 0 ? FOREVER : ns;
}

/**
 * Gets at least `min_nr` and at most `nr` events, waiting until the timeout.
 *
 * @param timeout - user address of a timespec, 0 for none
 * @returns events, fewer than min_nr at the timeout; -EFAULT; -EINTR if there is none and a signal is pending;
 *          -EINVAL if there is none and the context is dead
 * @context may sleep
 */
export function read_events(ctx: kioctx, min_nr: number, nr: number, event: number, timeout: number): number {
  let until = FOREVER;
  if (timeout !== 0) {
    until = get_timespec(timeout);
    if (user_fault()) return -EFAULT;
  }
  got = 0;
  // The condition copies to user space and takes a mutex; it is tried once before this task says that it will sleep.
  if (!aio_read_events(ctx, min_nr, nr, event)) wait_for_events(ctx, min_nr, nr, event, until);
  const ret = got;
  if (ret === 0 && signal_pending(current)) return -EINTR;
  return ret;
}

/** wait_event_interruptible_hrtimeout(ctx->wait, aio_read_events(), until). */
function wait_for_events(ctx: kioctx, min_nr: number, nr: number, event: number, until: number): void {
  const deadline = until === FOREVER ? FOREVER : sched_clock() + until;
  const wait = DEFINE_WAIT();
  for (;;) {
    const interrupted = prepare_to_wait_event(ctx.wait, wait, TASK_INTERRUPTIBLE);
    if (aio_read_events(ctx, min_nr, nr, event)) break;
    if (interrupted !== 0) break;
    const left = deadline === FOREVER ? FOREVER : deadline - sched_clock();
    if (left <= 0) break;
    schedule_timeout(left);
  }
  finish_wait(ctx.wait, wait);
  FREE_WAIT();
}
