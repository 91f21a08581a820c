// SPDX-License-Identifier: GPL-2.0-only
/**
 * What an address is in the kernel's words: an object, and a field of its struct.
 *
 * The owner of a page says what kind of object lies there: a slab cache, by the name of its cache; the page allocator,
 * for struct pages; memory from boot, for tasks and file-scope variables. What a page of data holds is not to be seen
 * by its address; that some are pages of a ring, the caller knows.
 */
import { PAGE_OFFSET } from '../../src/arch/sab/access.ts';
import { PAGE_SIZE, ramEnd } from '../../src/arch/sab/memory.ts';
import type { Fields, StructType } from '../../src/arch/sab/struct.ts';
import { aio, kiocb, kioctx } from '../../src/fs/aio/kioctx.ts';
import { eventfd_ctx } from '../../src/fs/eventfd.ts';
import { file, files_struct } from '../../src/fs/file.ts';
import { mutex } from '../../src/kernel/locking/mutex.ts';
import { spinlock_t } from '../../src/kernel/locking/spinlock.ts';
import { rcu_head } from '../../src/kernel/rcu/tree.ts';
import { cpu_task, task_struct } from '../../src/kernel/sched/core.ts';
import { wait_queue_head_t } from '../../src/kernel/sched/wait.ts';
import { work_struct } from '../../src/kernel/workqueue.ts';
import { list_head } from '../../src/lib/list.ts';
import { percpu_ref } from '../../src/lib/percpu-refcount.ts';
import { address_space, mm_struct, vm_area_struct } from '../../src/mm/mm_types.ts';
import { page, pfn_range, pfn_to_page } from '../../src/mm/page_alloc.ts';
import { describeAddress } from '../../src/mm/slab.ts';
import { aio_ring, io_event } from '../../src/uapi/aio_abi.ts';

type AnyStruct = StructType<Fields>;
const any = <F extends Fields>(type: StructType<F>): AnyStruct => type as unknown as AnyStruct;

/** Structs by the name of the slab cache that they come from. */
const BY_CACHE: Readonly<Record<string, AnyStruct>> = {
  kioctx: any(kioctx),
  kiocb: any(kiocb),
  mm_struct: any(mm_struct),
  vm_area_struct: any(vm_area_struct),
  filp: any(file),
  files_struct: any(files_struct),
  eventfd_ctx: any(eventfd_ctx),
  aio_inode: any(address_space),
};

/** Structs that lie inside others, by the struct and the field. */
const INSIDE: Readonly<Record<string, AnyStruct>> = {
  'kioctx.users': any(percpu_ref),
  'kioctx.reqs': any(percpu_ref),
  'kioctx.free_work': any(work_struct),
  'kioctx.rcu_head': any(rcu_head),
  'kioctx.ctx_lock': any(spinlock_t),
  'kioctx.active_reqs': any(list_head),
  'kioctx.ring_lock': any(mutex),
  'kioctx.wait': any(wait_queue_head_t),
  'kioctx.completion_lock': any(spinlock_t),
  'kiocb.ki_list': any(list_head),
  'wait_queue_head_t.lock': any(spinlock_t),
  'wait_queue_head_t.task_list': any(list_head),
  'percpu_ref.rcu': any(rcu_head),
  'mm_struct.mmap_sem': any(mutex),
  'mm_struct.page_table_lock': any(spinlock_t),
  'mm_struct.mmap': any(list_head),
  'mm_struct.ioctx_lock': any(spinlock_t),
  'address_space.tree_lock': any(spinlock_t),
  'address_space.private_lock': any(spinlock_t),
  'address_space.i_mmap_mutex': any(mutex),
  'address_space.i_mmap': any(list_head),
  'vm_area_struct.list': any(list_head),
  'vm_area_struct.shared': any(list_head),
  'files_struct.file_lock': any(spinlock_t),
  'file.f_rcuhead': any(rcu_head),
  'eventfd_ctx.lock': any(spinlock_t),
  'page.lock': any(mutex),
  'page.lru': any(list_head),
  'aio_globals.aio_nr_lock': any(spinlock_t),
};
/** Fields that are arrays of words. */
const ARRAYS: ReadonlySet<string> = new Set(['kioctx.internal_pages', 'files_struct.fd']);
/** What C calls a field that has another name here. */
const IN_C: Readonly<Record<string, string>> = { internal_pages: 'ring_pages' };

/** Where an address lies. */
export interface Place {
  /** Name of the struct; `memory` for a page of data. */
  readonly struct: string;
  /** Address of the object. */
  readonly base: number;
  /** `tail`, `users.count`, `ring_pages[0]`; empty where there is no struct. */
  readonly field: string;
  /** Name of the lock that the address is a word of, empty if it is of none. */
  readonly lock: string;
  /** Whether it is the word that says who has the lock. */
  readonly lockWord: boolean;
}

/** Names a field of a struct. @param offset - bytes from its start */
function fieldAt(type: AnyStruct, offset: number): Pick<Place, 'field' | 'lock' | 'lockWord'> {
  let name = '';
  let start = 0;
  for (const [field, from] of Object.entries(type.offsetof)) {
    if (from > offset) break;
    name = field;
    start = from;
  }
  const key = `${type.structName}.${name}`;
  const called = IN_C[name] ?? name;
  if (ARRAYS.has(key)) return { field: `${called}[${(offset - start) >>> 2}]`, lock: '', lockWord: false };
  const inside = INSIDE[key];
  if (inside === undefined) return { field: called, lock: '', lockWord: false };
  if (inside.structName === 'spinlock_t' || inside.structName === 'mutex') {
    return { field: called, lock: called, lockWord: offset === start };
  }
  const part = fieldAt(inside, offset - start);
  const field = `${called}.${part.field}`;
  return { ...part, field, lock: part.lock === '' ? '' : field };
}

const place = (type: AnyStruct, base: number, addr: number): Place => ({
  struct: type.structName,
  base,
  ...fieldAt(type, addr - base),
});

const within = (addr: number, base: number, bytes: number): boolean => addr >= base && addr < base + bytes;

/** Names an address. @param cpus - of the machine */
export function placeOf(addr: number, cpus: number): Place {
  const nowhere: Place = { struct: 'memory', base: addr & -PAGE_SIZE, field: '', lock: '', lockWord: false };
  if (addr < PAGE_OFFSET || addr >= ramEnd()) return nowhere;
  const pages = pfn_to_page(0).addr;
  if (within(addr, pages, page.sizeof * pfn_range()[1])) {
    return place(any(page), pages + Math.floor((addr - pages) / page.sizeof) * page.sizeof, addr);
  }
  const tasks = cpu_task(0).addr;
  if (within(addr, tasks, task_struct.sizeof * cpus)) {
    return place(any(task_struct), tasks + Math.floor((addr - tasks) / task_struct.sizeof) * task_struct.sizeof, addr);
  }
  if (within(addr, aio.it.addr, 64)) return place(AIO_GLOBALS, aio.it.addr, addr);
  const [, cache = '', at = '0'] = /^(\S+) (0x[0-9a-f]+)/.exec(describeAddress(addr)) ?? [];
  const type = BY_CACHE[cache];
  if (type !== undefined) return place(type, Number(at), addr);
  return cache === 'page' ? nowhere : { ...nowhere, struct: cache, base: Number(at) };
}

/** The file-scope variables of fs/aio.c, whose struct only their accesses know. */
const AIO_GLOBALS = {
  structName: 'aio_globals',
  offsetof: { aio_nr_lock: 0, aio_nr: spinlock_t.sizeof, aio_max_nr: spinlock_t.sizeof + 4 },
} as unknown as AnyStruct;

/** What an offset in a ring is: a field of its header, or the number of an event's slot. */
export type RingPlace = { readonly field: string } | { readonly slot: number };

/** @param index - of the page in the ring @param offset - bytes from the page's start */
export function ringPlaceOf(index: number, offset: number): RingPlace {
  const at = index * PAGE_SIZE + offset;
  if (at < aio_ring.sizeof) return { field: fieldAt(any(aio_ring), at).field };
  return { slot: Math.floor((at - aio_ring.sizeof) / io_event.sizeof) };
}
