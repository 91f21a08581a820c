// SPDX-License-Identifier: GPL-2.0-only
/**
 * The data of fs/aio: contexts, requests, a process's table of contexts, the quota.
 *
 * Letters before a field: I set before the context is published · A atomic · X(lock) that lock · R RCU for readers ·
 * P per CPU · U user space writes it, too.
 *
 * Lock order: private_lock > ring_lock (trylock only) > tree_lock > completion_lock, in aio_migratepage();
 * ring_lock > mmap_sem, aio_nr_lock, ioctx_lock, private_lock, in ioctx_alloc(); ctx_lock > the driver's locks, in
 * kiocb_cancel(). completion_lock, aio_nr_lock and ioctx_lock are leaves.
 *
 * @linux fs/aio.c, include/linux/aio.h v3.17
 */
import { bss } from '../../arch/sab/bss.ts';
import { fnptr } from '../../arch/sab/functable.ts';
import { load32, PAGE_SIZE } from '../../arch/sab/memory.ts';
import {
  atomic_t,
  cacheline,
  embed,
  ptr,
  ref,
  s32,
  struct,
  u31,
  u32,
  u64,
  type View,
  words,
} from '../../arch/sab/struct.ts';
import { mutex } from '../../kernel/locking/mutex.ts';
import { spin_lock, spin_lock_init, spin_unlock, spinlock_t } from '../../kernel/locking/spinlock.ts';
import { WARN_ON } from '../../kernel/panic.ts';
import { rcu_head } from '../../kernel/rcu/tree.ts';
import { completion } from '../../kernel/sched/completion.ts';
import { wait_queue_head_t } from '../../kernel/sched/wait.ts';
import { work_struct } from '../../kernel/workqueue.ts';
import { list_head } from '../../lib/list.ts';
import { percpu_ref } from '../../lib/percpu-refcount.ts';
import { mm_struct } from '../../mm/mm_types.ts';
import { kmap_atomic } from '../../mm/page_alloc.ts';
import { defineCache, SLAB_HWCACHE_ALIGN } from '../../mm/slab.ts';
import { io_event } from '../../uapi/aio_abi.ts';
import { eventfd_ctx } from '../eventfd.ts';
import { file } from '../file.ts';

/** Ring pages whose pointers fit into the kioctx. */
export const AIO_RING_PAGES = 8;
export const AIO_EVENTS_PER_PAGE = PAGE_SIZE / io_event.sizeof;
/** Slots of page 0 that the ring's header takes. */
export const AIO_EVENTS_OFFSET = 1;
export const AIO_EVENTS_FIRST_PAGE = AIO_EVENTS_PER_PAGE - AIO_EVENTS_OFFSET;

/** Bytes of struct kiocb on x86-64, which io_setup()'s upper limit is made of. */
export const KIOCB_BYTES_IN_C = 88;

/** A CPU's own slots. */
export const kioctx_cpu = struct('kioctx_cpu', {
  /** P: slots that this CPU may hand out without asking anybody */
  reqs_available: u32,
});

export const kioctx = struct('kioctx', {
  /** A: syscalls, the table and io_setup() that use the context; free_ioctx_users() when none is left */
  users: embed(percpu_ref),
  /** A: 1 once the initial reference to users has been dropped */
  dead: atomic_t,
  /** A: one for each live kiocb, and two; free_ioctx_reqs() when none is left */
  reqs: embed(percpu_ref),
  /** I: the aio_context_t: mmap_base */
  user_id: u31,
  /** I: address of CPU 0's kioctx_cpu */
  cpu: u31,
  /** I: slots that move between a CPU and reqs_available at once */
  req_batch: u31,
  /** I: what the context costs of the quota */
  max_reqs: u32,
  /** I: slots of the ring; the trusted copy of aio_ring.nr */
  nr_events: u31,
  /** I: user address of the ring */
  mmap_base: u31,
  /** I: bytes; 0 means that it is not to be unmapped */
  mmap_size: u31,
  /** I: address of the array of pages; X(ring_lock, completion_lock) both, to change an element */
  ring_pages: u31,
  /** I: elements of ring_pages */
  nr_pages: s32,
  free_work: embed(work_struct),
  /** set by kill_ioctx(): whom to tell that no request is left */
  requests_done: ptr(() => completion),
  /** NOT LINUX: the owner's mm, for the build that unmaps when it frees. I */
  mm: ptr(() => mm_struct),
  /** NOT LINUX: set by kill_ioctx(), on the build whose io_destroy() frees the context itself */
  freed_by_caller: u32,
  /** NOT LINUX v3.17: for builds that free by call_rcu(): the one without `reqs`, and that of v4.16 */
  rcu_head: embed(rcu_head),

  /** A: slots that no CPU has taken */
  reqs_available: cacheline(atomic_t),

  ctx_lock: cacheline(embed(spinlock_t)),
  /** X(ctx_lock): requests that can be cancelled */
  active_reqs: embed(list_head),

  /** held by consumers of the ring, by setup, and by migration */
  ring_lock: cacheline(embed(mutex)),
  /** io_getevents() sleeps here */
  wait: embed(wait_queue_head_t),

  /** X(completion_lock): next slot to be written; the trusted copy of aio_ring.tail */
  tail: cacheline(u31),
  /** X(completion_lock): completions whose slots have not been given back */
  completed_events: s32,
  completion_lock: embed(spinlock_t),

  /** Behind the line of `tail`, which every completion writes: readers of the ring come by here. */
  internal_pages: cacheline(words(AIO_RING_PAGES)),
  /** X(private_lock) to clear: the file whose pages are the ring */
  aio_ring_file: ptr(() => file),
  /** I: slot in the mm's table */
  id: u32,
});
export type kioctx = View<typeof kioctx>;

/** A driver's function that cancels a request. Called under ctx_lock: it must not complete the request itself. */
export type KiocbCancelFn = (req: kiocb) => number;
/** ki_cancel of a request that has been cancelled. */
export const KIOCB_CANCELLED = ~0;

export const kiocb = struct('kiocb', {
  /** I: the file, a reference of the request's own */
  ki_filp: ref(() => file),
  /** I: the context; NULL for a synchronous request, -EXDEV once that is complete */
  ki_ctx: ref(() => kioctx),
  /** A: id of the cancel function, 0, or KIOCB_CANCELLED */
  ki_cancel: fnptr<KiocbCancelFn>(),
  /** the driver's own */
  private: u32,
  /** I: user address of the iocb; for a synchronous request the waiting task */
  ki_obj: u64,
  /** I: aio_data; for a synchronous request the result */
  ki_user_data: u64,
  /** I: position in the file */
  ki_pos: u64,
  /** I: bytes asked for */
  ki_nbytes: u32,
  /** X(ctx_lock): link in active_reqs. Zero until it is put there: `next` says whether it ever was */
  ki_list: embed(list_head),
  /** I: eventfd to signal, a reference of the request's own */
  ki_eventfd: ptr(() => eventfd_ctx),
});
export type kiocb = View<typeof kiocb>;

/** A process's contexts: a header, then `nr` pointers. */
export const kioctx_table = struct('kioctx_table', {
  rcu: embed(rcu_head),
  /** I: slots */
  nr: u31,
});
export type kioctx_table = View<typeof kioctx_table>;
export const kioctx_table_bytes = (nr: number): number => kioctx_table.sizeof + 4 * nr;
/** Address of a slot of a table. */
export const kioctx_table_slot = (table: kioctx_table, i: number): number => table.addr + kioctx_table.sizeof + 4 * i;

export const kiocb_cachep = defineCache('kiocb', kiocb, SLAB_HWCACHE_ALIGN);
export const kioctx_cachep = defineCache('kioctx', kioctx, SLAB_HWCACHE_ALIGN);

const aio_data = struct('aio_globals', {
  aio_nr_lock: embed(spinlock_t),
  /** X(aio_nr_lock): requests charged, in io_setup()'s doubled measure */
  aio_nr: u32,
  /** half the most that may be charged */
  aio_max_nr: u32,
});
/** File-scope variables of fs/aio.c. */
export const aio = bss('aio', aio_data);

/** Boot. @linux fs/aio.c aio_setup() v3.17 */
export function aio_setup(): void {
  spin_lock_init(aio.it.aio_nr_lock, 'aio_nr_lock');
  aio.it.aio_max_nr = 0x10000;
}

/** Kernel address of the ring's page `i`. Good while the caller holds what protects ring_pages. */
export const kmap_ring_page = (ctx: kioctx, i: number): number => kmap_atomic(load32(ctx.ring_pages + 4 * i));

/** Gives quota back. @locks takes aio_nr_lock */
export function aio_nr_sub(nr: number): void {
  const g = aio.it;
  spin_lock(g.aio_nr_lock);
  g.aio_nr = WARN_ON(g.aio_nr < nr, 'aio_nr - nr > aio_nr') ? 0 : g.aio_nr - nr;
  spin_unlock(g.aio_nr_lock);
}
