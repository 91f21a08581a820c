// SPDX-License-Identifier: GPL-2.0-only
/**
 * A block device whose requests complete later, in an interrupt.
 *
 * A request pins the pages of the user's buffer and is put into a queue with the time at which it is due. A completer
 * (a CPU that does nothing but take interrupts; one for each queue) takes requests that are due, in no particular
 * order, writes the data into the pages, and calls aio_complete(). Where the machine has an IrqLine, a CPU that submits
 * is interrupted, too, and does the same for one request of its queue. What is read at a position of the disk is a
 * function of the position, so a reader can tell its own data from anybody else's.
 *
 * A request may be cancellable (endpoint.ts): it then waits for that, or for nullb_complete_where(), unless the machine
 * was told that such requests end by themselves, too. Then a cancellation may meet the completion.
 *
 * Locks: L = nullb_queue.lock.
 * @linux drivers/block/null_blk.c v3.17, and drivers/usb/gadget/legacy/inode.c for cancellation
 */
import { smp_mb } from '../arch/sab/atomic.ts';
import { bss, memblock_alloc } from '../arch/sab/bss.ts';
import { ktime_get } from '../arch/sab/clock.ts';
import { noteProgress } from '../arch/sab/control.ts';
import { type IrqLine, irq_enter, irq_exit, num_possible_cpus, smp_processor_id } from '../arch/sab/cpu.ts';
import { fn } from '../arch/sab/functable.ts';
import { load32, load32_unchecked, PAGE_SIZE, store32 } from '../arch/sab/memory.ts';
import { FOREVER } from '../arch/sab/park.ts';
import type { Prng } from '../arch/sab/prng.ts';
import {
  container_of,
  embed,
  lo32,
  ptr,
  ptrAt,
  s32,
  setPtrAt,
  struct,
  u32,
  type View,
  words,
} from '../arch/sab/struct.ts';
import { kiocb_set_cancel_fn } from '../fs/aio/cancel.ts';
import { aio_complete } from '../fs/aio/completion.ts';
import { kiocb } from '../fs/aio/kioctx.ts';
import { alloc_file, defineFops, FMODE_READ, FMODE_WRITE, type file } from '../fs/file.ts';
import {
  spin_lock,
  spin_lock_init,
  spin_lock_irqsave,
  spin_unlock,
  spin_unlock_irqrestore,
  spinlock_t,
} from '../kernel/locking/spinlock.ts';
import { synchronize_sched } from '../kernel/rcu/tree.ts';
import {
  do_IRQ,
  kernel_enter,
  kernel_exit,
  msleep,
  schedule_timeout,
  TASK_INTERRUPTIBLE,
} from '../kernel/sched/core.ts';
import {
  DEFINE_WAIT,
  FREE_WAIT,
  finish_wait,
  init_waitqueue_head,
  prepare_to_wait,
  wait_queue_head_t,
  waitqueue_active,
  wake_up,
} from '../kernel/sched/wait.ts';
import { INIT_LIST_HEAD, list_add_tail, list_del_init, list_head, list_next } from '../lib/list.ts';
import { get_page, page, page_address, put_page, virt_to_page } from '../mm/page_alloc.ts';
import { defineCache, kmem_cache_alloc, kmem_cache_free } from '../mm/slab.ts';
import { user_done, user_to_kernel } from '../mm/uaccess.ts';
import { TP } from '../trace/events.ts';
import { trace } from '../trace/flight_recorder.ts';
import { iovec } from '../uapi/aio_abi.ts';
import { ECANCELED, EFAULT, EINVAL, EIOCBQUEUED, ENOMEM } from '../uapi/errno.ts';
import { diskWord } from './disk_word.ts';

/** Pages that one request may touch; a longer one is cut short. */
const PAGES_MAX = 4;
const QUEUED = 0;
const ACTIVE = 1;
const CANCELLED = 2;
/** Never due by itself. */
export const DELAY_FOREVER = -1;

const nullb_request = struct('nullb_request', {
  iocb: ptr(() => kiocb),
  list: embed(list_head),
  /** I: its queue */
  queue: u32,
  /** L: QUEUED, ACTIVE (a completer has it) or CANCELLED */
  state: u32,
  /** I: moment at which it completes, us, modulo 2^32 */
  due_us: s32,
  /** I: 1 if it waits for complete or cancel */
  pending: u32,
  /** L: what it completes with if it was completed by hand */
  result: s32,
  /** I: 1 for a write */
  write: u32,
  /** I: bytes to move */
  bytes: u32,
  /** I: offset of the first byte in the first page */
  offset: u32,
  /** I: position on the disk, low word */
  pos: u32,
  /** I: user address of the buffer, for traces */
  buffer: u32,
  /** I: pinned pages */
  pages: words(PAGES_MAX),
});
type nullb_request = View<typeof nullb_request>;
const request_cachep = defineCache('nullb_request', nullb_request);

const nullb_queue = struct('nullb_queue', {
  lock: embed(spinlock_t),
  /** L: requests that no completer has, oldest first */
  list: embed(list_head),
  /** L: requests in `list` */
  count: u32,
  /** the completer waits here */
  wait: embed(wait_queue_head_t),
});
type nullb_queue = View<typeof nullb_queue>;

const nullb_data = struct('nullb', {
  /** I: address of the queues */
  queues: u32,
  /** I */
  nr_queues: u32,
  /** shortest and longest time that a request takes, us */
  delay_min_us: s32,
  delay_max_us: s32,
  /** 1 if that holds for cancellable requests, too; 0 if they wait */
  cancellable_end: u32,
});
const nullb = bss('nullb', nullb_data);

/** Hears of each request, by the two words of its user data. Outside the kernel's memory. */
export interface DeviceProbe {
  /** The device has done with it, and the kernel does not know yet. */
  finished(lo: number, hi: number, obj: number): void;
  /** The kernel has completed it. */
  readonly completed: ((lo: number, hi: number) => void) | null;
}
let probe: DeviceProbe | null = null;
export function setDeviceProbe(f: DeviceProbe | null): void {
  probe = f;
}
let prng: Prng;
/** Requests that this CPU has ended in interrupts of what it was at. */
let interrupted = 0;
export const nullb_interrupts = (): number => interrupted;

/** @param random - this CPU's */
export function nullb_attach(random: Prng): void {
  prng = random;
  interrupted = 0;
}

/** Makes the device. @param queues - one for each completer @context boot */
export function nullb_init(queues: number): void {
  const dev = nullb.it;
  dev.nr_queues = Math.max(1, queues);
  dev.queues = memblock_alloc(((nullb_queue.sizeof + 127) & -128) * dev.nr_queues, 128);
  for (let i = 0; i < dev.nr_queues; i++) {
    const q = queueAt(i);
    spin_lock_init(q.lock, 'device_lock');
    INIT_LIST_HEAD(q.list);
    init_waitqueue_head(q.wait, 'device.wait');
  }
}

/** How long requests take from now on. @param cancellable_end - whether those that can be cancelled end so, too */
export function nullb_set_delay(min_us: number, max_us: number, cancellable_end = false): void {
  const dev = nullb.it;
  dev.delay_min_us = min_us;
  dev.delay_max_us = max_us;
  dev.cancellable_end = cancellable_end ? 1 : 0;
}

const queueAt = (i: number): nullb_queue => nullb_queue.at(nullb.it.queues + ((nullb_queue.sizeof + 127) & -128) * i);
const now_us = (): number => ((ktime_get() / 1000) % 4294967296) | 0;

/** The device touches the user's memory no more, or never does. */
function tell_finished(iocb: kiocb): void {
  if (probe === null) return;
  probe.finished(lo32(iocb.ki_user_data), load32(iocb.ki_user_data + 4), lo32(iocb.ki_obj));
}

/** Pins the buffer's pages. @returns bytes pinned, or -EFAULT */
function pin_user_pages(req: nullb_request, base: number, bytes: number): number {
  req.offset = base & (PAGE_SIZE - 1);
  let pinned = 0;
  for (let i = 0; i < PAGES_MAX && pinned < bytes; i++) {
    const va = base + pinned;
    const at = user_to_kernel(va, req.write === 0);
    if (at === 0) break;
    const p = virt_to_page(at);
    get_page(p);
    user_done(va);
    setPtrAt(req.pages, i, p);
    pinned += Math.min(bytes - pinned, PAGE_SIZE - (va & (PAGE_SIZE - 1)));
  }
  return pinned === 0 && bytes > 0 ? -EFAULT : pinned;
}

function unpin_user_pages(req: nullb_request): void {
  for (let i = 0; i < PAGES_MAX; i++) {
    const p = ptrAt(req.pages, i, page);
    if (p !== null) put_page(p);
  }
}

/**
 * Queues a request.
 * @returns -EIOCBQUEUED or -errno
 * @locks takes the queue's lock; ctx_lock if the request can be cancelled
 */
export function nullb_queue_rq(iocb: kiocb, iov: number, write: boolean, cancellable: boolean): number {
  const addr = kmem_cache_alloc(request_cachep);
  if (addr === 0) {
    tell_finished(iocb);
    return -ENOMEM;
  }
  const req = nullb_request.at(addr);
  const dev = nullb.it;
  const v = iovec.at(iov);
  req.iocb = iocb;
  req.write = write ? 1 : 0;
  req.pos = lo32(iocb.ki_pos);
  req.buffer = lo32(v.iov_base);
  const bytes = pin_user_pages(req, lo32(v.iov_base), lo32(v.iov_len));
  if (bytes < 0) {
    kmem_cache_free(request_cachep, addr);
    return bytes;
  }
  req.bytes = bytes;
  req.pending = (cancellable && dev.cancellable_end === 0) || dev.delay_min_us === DELAY_FOREVER ? 1 : 0;
  req.due_us = now_us() + (req.pending !== 0 ? 0 : prng.between(dev.delay_min_us, dev.delay_max_us));
  const q = own_queue();
  req.queue = q.addr;
  iocb.private = addr;
  // Before it can complete: aio_complete() must find it listed, or not at all.
  if (cancellable) kiocb_set_cancel_fn(iocb, nullb_cancel);
  trace(TP.device_queue, addr, load32(iocb.addr + kiocb.offsetof.ki_ctx));
  const flags = spin_lock_irqsave(q.lock);
  list_add_tail(req.list, q.list);
  q.count += 1;
  spin_unlock_irqrestore(q.lock, flags);
  // Pairs with prepare_to_wait() in nullb_thread().
  smp_mb();
  if (waitqueue_active(q.wait)) wake_up(q.wait);
  return -EIOCBQUEUED;
}

/** @locks ctx_lock held; takes the queue's lock. The completer ends the request: this must not */
const nullb_cancel = fn('nullb_cancel', function nullb_cancel(iocb: kiocb): number {
  // The request is there: it is freed only after aio_complete(), which waits for ctx_lock.
  const req = nullb_request.at(iocb.private);
  const q = nullb_queue.at(req.queue);
  spin_lock(q.lock);
  const queued = req.state === QUEUED;
  if (queued) req.state = CANCELLED;
  spin_unlock(q.lock);
  if (!queued) return -EINVAL;
  trace(TP.device_cancel, req.addr);
  wake_up(q.wait);
  return 0;
});

const nullb_fops = defineFops({
  name: 'null_blk',
  read_iter: (iocb, iov) => nullb_queue_rq(iocb, iov, false, false),
  write_iter: (iocb, iov) => nullb_queue_rq(iocb, iov, true, false),
});

/** Opens the device; null if memory is out. */
export const nullb_open = (): file | null => alloc_file(nullb_fops, FMODE_READ | FMODE_WRITE, null);

/** Writes a read request's data into the pinned pages, or reads a write's. */
function dma(req: nullb_request): void {
  let done = 0;
  for (let i = 0; done < req.bytes; i++) {
    const p = ptrAt(req.pages, i, page);
    if (p === null) break;
    const start = i === 0 ? req.offset : 0;
    const end = Math.min(PAGE_SIZE, start + req.bytes - done);
    const base = page_address(p);
    // Whole words; what is not a whole word at the ends stays as it is.
    for (let at = (start + 3) & -4; at + 4 <= end; at += 4) {
      if (req.write !== 0) load32(base + at);
      else store32(base + at, diskWord((req.pos + done + at - start) >>> 2));
    }
    done += end - start;
  }
}

/** Ends a request. @context thread, which takes the device's interrupt */
function interrupt(req: nullb_request): void {
  irq_enter();
  end_request(req);
  irq_exit();
}

/** @context interrupt */
function end_request(req: nullb_request): void {
  const iocb = req.iocb as kiocb;
  const cancelled = req.state === CANCELLED;
  let res = cancelled ? -ECANCELED : req.bytes;
  if (!cancelled) {
    trace(TP.device_write, req.addr, req.buffer, req.bytes);
    if (req.pending === 0) dma(req);
    else res = req.result;
  }
  unpin_user_pages(req);
  // Here the device has finished: it touches the user's memory no more.
  let lo = 0;
  let hi = 0;
  if (probe !== null) {
    lo = lo32(iocb.ki_user_data);
    hi = load32(iocb.ki_user_data + 4);
    probe.finished(lo, hi, lo32(iocb.ki_obj));
  }
  aio_complete(iocb, res, 0);
  if (probe !== null && probe.completed !== null) probe.completed(lo, hi);
  kmem_cache_free(request_cachep, req.addr);
}

/** Requests looked at before one is chosen. */
const WINDOW = 16;
/** When the next request is due, as the last take_due() found: us from now, FOREVER if none is. */
let next_due_us = FOREVER;

/** Takes a request that is due out of the queue. @returns it, or null @locks takes the queue's lock */
function take_due(q: nullb_queue): nullb_request | null {
  const flags = spin_lock_irqsave(q.lock);
  const now = q.count > 0 ? now_us() : 0;
  next_due_us = FOREVER;
  let chosen: nullb_request | null = null;
  let skip = q.count > 1 ? prng.below(Math.min(q.count, WINDOW)) : 0;
  let seen = 0;
  for (let entry = list_next(q.list); entry !== q.list; entry = list_next(entry)) {
    const req = container_of(entry, nullb_request, 'list');
    const left = req.state === CANCELLED ? 0 : req.pending !== 0 ? FOREVER : (req.due_us - now) | 0;
    if (left <= 0) {
      chosen = req;
      if (skip-- <= 0) break;
    } else {
      next_due_us = Math.min(next_due_us, left);
    }
    // Cancelled ones may stand behind many that wait.
    if (++seen > WINDOW && chosen !== null) break;
  }
  if (chosen !== null) {
    list_del_init(chosen.list);
    q.count -= 1;
    if (chosen.state === QUEUED) chosen.state = ACTIVE;
  }
  spin_unlock_irqrestore(q.lock, flags);
  return chosen;
}

/**
 * The completer of a queue: ends requests as they are due, until `done()` and the queue is empty.
 * @context kernel thread; one for each queue
 */
export function nullb_thread(index: number, done: () => boolean): number {
  const q = queueAt(index % nullb.it.nr_queues);
  let completed = 0;
  const wait = DEFINE_WAIT();
  for (;;) {
    let req = take_due(q);
    if (req === null) {
      // Say that we sleep, then look again: what comes after the look wakes us.
      prepare_to_wait(q.wait, wait, TASK_INTERRUPTIBLE);
      req = take_due(q);
      if (req === null) {
        if (q.count === 0 && done()) break;
        schedule_timeout(next_due_us === FOREVER ? FOREVER : next_due_us * 1000);
        finish_wait(q.wait, wait);
        continue;
      }
      finish_wait(q.wait, wait);
    }
    interrupt(req);
    completed++;
    noteProgress(smp_processor_id());
    // Back from the interrupt: a quiescent state.
    kernel_exit();
    kernel_enter();
  }
  finish_wait(q.wait, wait);
  FREE_WAIT();
  return completed;
}

/** The queue in which this CPU puts its requests. */
const own_queue = (): nullb_queue => queueAt(smp_processor_id() % nullb.it.nr_queues);

/** Ends one request of this CPU's queue, if one is due. @context interrupt @locks takes the queue's lock */
function nullb_irq(): void {
  const req = take_due(own_queue());
  if (req === null) return;
  end_request(req);
  interrupted++;
}

/** The device's interrupts of this CPU. @param every - accesses between two, on average */
export function nullb_irq_line(every: number): IrqLine {
  const { $count } = own_queue();
  return { every, pending: () => load32_unchecked($count) !== 0, handle: () => do_IRQ(nullb_irq) };
}

/** Whether a queue holds a request that is due some day, or has been cancelled. @locks takes the queues' locks */
function anything_due(): boolean {
  for (let i = 0; i < nullb.it.nr_queues; i++) {
    const q = queueAt(i);
    let due = false;
    const flags = spin_lock_irqsave(q.lock);
    for (let entry = list_next(q.list); entry !== q.list && !due; entry = list_next(entry)) {
      const req = container_of(entry, nullb_request, 'list');
      due = req.pending === 0 || req.state === CANCELLED;
    }
    spin_unlock_irqrestore(q.lock, flags);
    if (due) return true;
  }
  return false;
}

const DRAIN_NAP_NS = 1_000_000;

/**
 * Waits until the completers have ended every request that will ever end.
 *
 * @context may sleep; nobody submits any more
 * @linux block/blk-core.c __blk_drain_queue() v3.17
 */
export function nullb_drain(): void {
  while (anything_due()) msleep(DRAIN_NAP_NS);
  // A completer that has taken one out of its queue is in the kernel until it has ended it.
  synchronize_sched();
}

/** Wakes the completers so that they ask whether they are done. Any thread. */
export function nullb_kick(): void {
  for (let i = 0; i < nullb.it.nr_queues; i++) wake_up(queueAt(i).wait);
}

/** Ends what is due in all queues, in the calling context; for machines without completers. @returns requests ended */
export function nullb_poll(): number {
  let ended = 0;
  for (let i = 0; i < nullb.it.nr_queues; i++) {
    for (let req = take_due(queueAt(i)); req !== null; req = take_due(queueAt(i))) {
      interrupt(req);
      ended++;
    }
  }
  return ended;
}

/** Ends a pending request with a result. @param obj - user address of its iocb @returns whether it was found */
export const nullb_complete_by_hand = (obj: number, result: number): boolean =>
  nullb_complete_where((iocb) => lo32(iocb.ki_obj) === obj, result, 'oldest');

/** Ends one that matches. @param matches - is given where its buffer is, too */
export function nullb_complete_where(
  matches: (iocb: kiocb, buffer: number) => boolean,
  result: number,
  which: 'oldest' | 'newest',
): boolean {
  for (let i = 0; i < num_possible_cpus() && i < nullb.it.nr_queues; i++) {
    const q = queueAt(i);
    let found: nullb_request | null = null;
    const flags = spin_lock_irqsave(q.lock);
    for (let entry = list_next(q.list); entry !== q.list; entry = list_next(entry)) {
      const req = container_of(entry, nullb_request, 'list');
      if (req.state === QUEUED && matches(req.iocb as kiocb, req.buffer)) found = req;
      if (found !== null && which === 'oldest') break;
    }
    if (found !== null) {
      list_del_init(found.list);
      q.count -= 1;
      found.state = ACTIVE;
      found.result = result;
    }
    spin_unlock_irqrestore(q.lock, flags);
    if (found !== null) {
      interrupt(found);
      return true;
    }
  }
  return false;
}
