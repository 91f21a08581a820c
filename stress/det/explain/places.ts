// SPDX-License-Identifier: GPL-2.0-only
/**
 * What an address is in the kernel's words: an object, and a field of its struct.
 *
 * The owner of a page says what kind of object lies there: a slab cache, by the name of its cache; the page allocator,
 * for struct pages; memory from boot, for tasks and file-scope variables. What a page of data holds is not to be seen
 * by its address; that some are pages of a ring, the caller knows.
 */
import { PAGE_OFFSET } from '../../../src/arch/sab/access.ts';
import { variableAt } from '../../../src/arch/sab/bss.ts';
import { PAGE_SIZE, ramEnd } from '../../../src/arch/sab/memory.ts';
import { type Fields, fieldsAt, type StructType } from '../../../src/arch/sab/struct.ts';
import { mutex } from '../../../src/kernel/locking/mutex.ts';
import { spinlock_t } from '../../../src/kernel/locking/spinlock.ts';
import { cpu_task, task_struct } from '../../../src/kernel/sched/core.ts';
import { page, pfn_range, pfn_to_page } from '../../../src/mm/page_alloc.ts';
import { objectAt } from '../../../src/mm/slab.ts';
import { aio_ring, io_event } from '../../../src/uapi/aio_abi.ts';

type AnyStruct = StructType<Fields>;
const any = <F extends Fields>(type: StructType<F>): AnyStruct => type as unknown as AnyStruct;

const LOCKS: ReadonlySet<AnyStruct | null> = new Set([any(spinlock_t), any(mutex)]);
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
  let left = offset;
  let path = '';
  for (const { name, offset: from, embeds, isArray } of fieldsAt(type, offset)) {
    left -= from;
    path += `${path === '' ? '' : '.'}${IN_C[name] ?? name}${isArray ? `[${left >>> 2}]` : ''}`;
    if (LOCKS.has(embeds)) return { field: path, lock: path, lockWord: left === 0 };
  }
  return { field: path, lock: '', lockWord: false };
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
  const variable = variableAt(addr);
  if (variable !== null) return place(variable.type, variable.base, addr);
  const object = objectAt(addr);
  if (object === null) return nowhere;
  const { name, type, base } = object;
  return type === null ? { ...nowhere, struct: name, base } : place(type, base, addr);
}

/** What an offset in a ring is: a field of its header, or the number of an event's slot. */
export type RingPlace = { readonly field: string } | { readonly slot: number };

/** @param index - of the page in the ring @param offset - bytes from the page's start */
export function ringPlaceOf(index: number, offset: number): RingPlace {
  const at = index * PAGE_SIZE + offset;
  if (at < aio_ring.sizeof) return { field: fieldAt(any(aio_ring), at).field };
  return { slot: Math.floor((at - aio_ring.sizeof) / io_event.sizeof) };
}
