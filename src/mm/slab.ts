// SPDX-License-Identifier: GPL-2.0-only
/**
 * Object caches, and kmalloc on top of them.
 *
 * Each CPU has a magazine of free objects for each cache, which only it touches; empty and full magazines trade with
 * the cache's common list under its lock. Behind an object stand a link and a state word, which tell a double
 * free from a free, and, with KASAN on, a redzone. With KASAN on a freed object is filled with 0x6b and rests in its
 * CPU's quarantine; when it leaves, the pattern must be whole.
 *
 * Locks: L = kmem_cache.lock. P = the CPU's own, with interrupts off.
 * NOT LINUX: slabs are not given back to the page allocator.
 * @linux mm/slab.c (array caches), mm/slub.c (poison and redzone) v3.17
 */
import { PAGE_OFFSET } from '../arch/sab/access.ts';
import { bss, memblock_alloc } from '../arch/sab/bss.ts';
import { local_irq_restore, local_irq_save, num_possible_cpus, smp_processor_id } from '../arch/sab/cpu.ts';
import {
  CACHELINE_BYTES,
  clear_unchecked,
  i32,
  load32,
  memset_unchecked,
  PAGE_SIZE,
  ramEnd,
  store32,
} from '../arch/sab/memory.ts';
import { cacheline, embed, type Fields, type StructType, struct, u31, u32, type View } from '../arch/sab/struct.ts';
import { spin_lock_init, spin_lock_irqsave, spin_unlock_irqrestore, spinlock_t } from '../kernel/locking/spinlock.ts';
import { type ObjectRef, objectRef } from '../kernel/object_ref.ts';
import { oops } from '../kernel/oops.ts';
import { fail_alloc } from './fault_inject.ts';
import { KASAN_OK, KASAN_REDZONE, KASAN_SLAB_FREE, kasan_enabled, kasan_mark, setKasanDescribe } from './kasan.ts';
import { alloc_pages_exact, free_pages_exact, page_address, virt_to_page } from './page_alloc.ts';

export const kmem_cache = struct('kmem_cache', {
  /** I: bytes of an object */
  object_size: u31,
  /** I: bytes from one object to the next */
  stride: u31,
  /** I: pages of a slab */
  slab_pages: u32,
  /** I: address of the CPUs' magazines */
  magazines: u31,
  /** I: number of the cache */
  number: u32,
  lock: cacheline(embed(spinlock_t)),
  /** L: first free object of the common list */
  free: u32,
  /** L: objects in the common list */
  nr_free: u32,
});
export type kmem_cache = View<typeof kmem_cache>;

/** A cache, declared in every thread and made at boot. */
export interface CacheDecl {
  readonly name: string;
  readonly bytes: number;
  readonly align: number;
  /** What the objects are; null for bytes. */
  readonly type: StructType<Fields> | null;
  readonly cache: { it: kmem_cache };
}
const caches: CacheDecl[] = [];

/** Alignment of objects that CPUs write to, each its own: no two share a cache line. */
export const SLAB_HWCACHE_ALIGN = CACHELINE_BYTES;

function declare(name: string, type: CacheDecl['type'], bytes: number, align: number): CacheDecl {
  const decl = { name, type, bytes: (bytes + 7) & -8, align, cache: bss(`kmem_cache ${name}`, kmem_cache) };
  caches.push(decl);
  return decl;
}

/** Declares a cache of zeroed structs. @param align - a power of two */
export const defineCache = <F extends Fields>(name: string, type: StructType<F>, align = 8): CacheDecl =>
  declare(name, type as unknown as StructType<Fields>, type.sizeof, align);

// Behind each object. With KASAN on these words are part of the redzone, hence not reached by load32().
const wordAt = (addr: number): number => (addr - PAGE_OFFSET) >>> 2;
const LINK = 0;
const STATE = 4;
const TRAILER = 8;
const REDZONE = 16;
const STATE_FREE = 0x46524545;
const STATE_LIVE = 0x4c495645;
const POISON = 0x6b6b6b6b;

// A CPU's magazine, in words: [count, objects taken from the common list less those put back, quarantined,
// quarantine's oldest], then the objects, then the quarantine.
const MAGAZINE = 32;
const BATCH = 16;
const QUARANTINE = 64;
const COUNT = 0;
const TAKEN = 4;
const HELD = 8;
const OLDEST = 12;
const OBJECTS = 16;
const RESTING = OBJECTS + 4 * MAGAZINE;
const MAGAZINE_BYTES = (RESTING + 4 * QUARANTINE + CACHELINE_BYTES - 1) & -CACHELINE_BYTES;

/** Makes every declared cache. @context boot, before page_alloc_init() */
export function slab_init(): void {
  caches.forEach(({ bytes, align, cache }, number) => {
    const c = cache.it;
    spin_lock_init(c.lock, 'slab.lock');
    const padding = kasan_enabled() ? REDZONE : 0;
    c.object_size = bytes;
    c.stride = (bytes + TRAILER + padding + align - 1) & -align;
    c.slab_pages = Math.max(1, Math.ceil((c.stride * 4) / PAGE_SIZE));
    c.magazines = memblock_alloc(MAGAZINE_BYTES * num_possible_cpus(), CACHELINE_BYTES);
    c.number = number;
  });
}

/** Adds a slab to the common list. @locks c.lock held */
function grow(c: kmem_cache): boolean {
  const slab = alloc_pages_exact(c.slab_pages);
  if (slab === 0) return false;
  for (let i = 0; i < c.slab_pages; i++) {
    const p = virt_to_page(slab + i * PAGE_SIZE);
    p.slab_cache = c.addr;
    p.first = slab;
  }
  kasan_mark(slab, c.slab_pages * PAGE_SIZE, KASAN_REDZONE);
  const poisoned = kasan_enabled();
  for (let obj = slab; obj + c.stride <= slab + c.slab_pages * PAGE_SIZE; obj += c.stride) {
    const trailer = obj + c.object_size;
    i32[wordAt(trailer + LINK)] = c.free;
    i32[wordAt(trailer + STATE)] = STATE_FREE;
    if (poisoned) {
      memset_unchecked(obj, 0x6b, c.object_size);
      kasan_mark(obj, c.object_size, KASAN_SLAB_FREE);
    }
    c.free = obj;
    c.nr_free += 1;
  }
  return true;
}

/** Fills this CPU's magazine from the common list. @returns whether it has an object now */
function refillMagazine(c: kmem_cache, magazine: number): boolean {
  const flags = spin_lock_irqsave(c.lock);
  let count = load32(magazine + COUNT);
  if (c.free === 0) grow(c);
  while (count < BATCH && c.free !== 0) {
    const obj = c.free;
    c.free = i32[wordAt(obj + c.object_size + LINK)] as number;
    c.nr_free -= 1;
    store32(magazine + OBJECTS + 4 * count++, obj);
    store32(magazine + TAKEN, load32(magazine + TAKEN) + 1);
  }
  store32(magazine + COUNT, count);
  spin_unlock_irqrestore(c.lock, flags);
  return count > 0;
}

function drainMagazine(c: kmem_cache, magazine: number): void {
  const flags = spin_lock_irqsave(c.lock);
  let count = load32(magazine + COUNT);
  for (let i = 0; i < BATCH; i++) {
    const obj = load32(magazine + OBJECTS + 4 * --count);
    i32[wordAt(obj + c.object_size + LINK)] = c.free;
    c.free = obj;
    c.nr_free += 1;
  }
  store32(magazine + TAKEN, load32(magazine + TAKEN) - BATCH);
  store32(magazine + COUNT, count);
  spin_unlock_irqrestore(c.lock, flags);
}

/** An object from a cache, zeroed. @returns its address, 0 if memory is out @context any; does not sleep */
export function kmem_cache_alloc(decl: CacheDecl): number {
  if (fail_alloc.should_fail?.()) return 0;
  const flags = local_irq_save();
  const obj = take_object(decl);
  local_irq_restore(flags);
  return obj;
}

/** @context interrupts off */
function take_object(decl: CacheDecl): number {
  const c = decl.cache.it;
  const magazine = (c.magazines + Math.imul(MAGAZINE_BYTES, smp_processor_id())) | 0;
  let count = load32(magazine + COUNT);
  if (count === 0) {
    if (!refillMagazine(c, magazine)) return 0;
    count = load32(magazine + COUNT);
  }
  const obj = load32(magazine + OBJECTS + 4 * (count - 1));
  store32(magazine + COUNT, count - 1);
  if (kasan_enabled()) {
    checkPoison(decl, obj);
    kasan_mark(obj, decl.bytes, KASAN_OK);
  }
  // A few bytes more, up to the end of the trailer, where that makes it a multiple of 16.
  clear_unchecked(obj, (decl.bytes + TRAILER) & -16);
  i32[wordAt(obj + decl.bytes + STATE)] = STATE_LIVE;
  return obj;
}

/** A freed object must be as it was left. */
function checkPoison(decl: CacheDecl, obj: number): void {
  const first = (obj - PAGE_OFFSET) >>> 2;
  for (let i = 0; i < decl.bytes >>> 2; i++) {
    if (i32[first + i] !== POISON) {
      oops({
        kind: 'kasan:write-after-free',
        title: `KASAN: a freed ${decl.name} was written to`,
        text: [
          `word ${i} of ${decl.name} 0x${obj.toString(16)} is 0x${((i32[first + i] as number) >>> 0).toString(16)}`,
        ],
        objects: [objectRef(decl.name, obj)],
      });
    }
  }
}

/** @context any; does not sleep */
export function kmem_cache_free(decl: CacheDecl, obj: number): void {
  const flags = local_irq_save();
  put_object(decl, obj);
  local_irq_restore(flags);
}

/** @context interrupts off */
function put_object(decl: CacheDecl, obj: number): void {
  const c = decl.cache.it;
  const at = wordAt(obj + decl.bytes + STATE);
  if ((obj & 7) !== 0 || i32[at] !== STATE_LIVE) {
    const state = (obj & 7) === 0 ? i32[at] : undefined;
    oops({
      kind: 'kasan:double-free',
      title: `KASAN: ${state === STATE_FREE ? 'double free' : 'invalid free'} of ${decl.name}`,
      objects: [objectRef(decl.name, obj)],
    });
  }
  i32[at] = STATE_FREE;
  const magazine = (c.magazines + Math.imul(MAGAZINE_BYTES, smp_processor_id())) | 0;
  let ready = obj;
  if (kasan_enabled()) {
    memset_unchecked(obj, 0x6b, decl.bytes);
    kasan_mark(obj, decl.bytes, KASAN_SLAB_FREE);
    ready = quarantine(magazine, obj);
    if (ready === 0) return;
  }
  let count = load32(magazine + COUNT);
  if (count === MAGAZINE) {
    drainMagazine(c, magazine);
    count = load32(magazine + COUNT);
  }
  store32(magazine + OBJECTS + 4 * count, ready);
  store32(magazine + COUNT, count + 1);
}

/** Puts an object to rest. @returns the one that has rested longest if there was no room, else 0 */
function quarantine(magazine: number, obj: number): number {
  const held = load32(magazine + HELD);
  const oldest = load32(magazine + OLDEST);
  if (held < QUARANTINE) {
    store32(magazine + RESTING + 4 * ((oldest + held) % QUARANTINE), obj);
    store32(magazine + HELD, held + 1);
    return 0;
  }
  const at = magazine + RESTING + 4 * oldest;
  const released = load32(at);
  store32(at, obj);
  store32(magazine + OLDEST, (oldest + 1) % QUARANTINE);
  return released;
}

const SIZES = [32, 64, 128, 256, 512, 1024, 2048, 4096];
const kmalloc_caches = SIZES.map((bytes) => declare(`kmalloc-${bytes}`, null, bytes, SLAB_HWCACHE_ALIGN));

/** Zeroed memory. @returns its address, 64-byte aligned, 0 if memory is out @context any; does not sleep */
export function kzalloc(bytes: number): number {
  const cache = kmalloc_caches.find((c) => c.bytes >= bytes);
  if (cache !== undefined) return kmem_cache_alloc(cache);
  const pages = Math.ceil(bytes / PAGE_SIZE);
  const addr = alloc_pages_exact(pages);
  if (addr !== 0) virt_to_page(addr).index = pages;
  return addr;
}
export const kcalloc = (count: number, bytes: number): number => kzalloc(count * bytes);

/** Frees what kzalloc() gave; nothing for 0. */
export function kfree(addr: number): void {
  if (addr === 0) return;
  const p = virt_to_page(addr);
  const decl = caches.find((c) => c.cache.it.addr === p.slab_cache);
  if (decl !== undefined) kmem_cache_free(decl, addr);
  else free_pages_exact(addr, p.index);
}

/** The object of a slab that an address is in: what it is, and where it begins; null if it is in none. */
export function objectAt(addr: number): { name: string; type: StructType<Fields> | null; base: number } | null {
  const p = virt_to_page(addr);
  const decl = caches.find(({ cache }) => cache.it.addr === p.slab_cache);
  if (decl === undefined) return null;
  return { name: decl.name, type: decl.type, base: addr - ((addr - p.first) % decl.cache.it.stride) };
}

/** The object of a slab or the page that an address is in. */
export function describeAddress(addr: number): ObjectRef {
  if (addr < PAGE_OFFSET || addr >= ramEnd()) return objectRef('address', addr);
  const { name, base } = objectAt(addr) ?? { name: 'page', base: page_address(virt_to_page(addr)) };
  return objectRef(name, base, addr - base);
}

/** Objects that are allocated, by cache; zero left out. @context no CPU allocates or frees */
export function liveObjects(): Map<string, number> {
  const live = new Map<string, number>();
  for (const { name, cache } of caches) {
    const c = cache.it;
    let sum = 0;
    for (let cpu = 0; cpu < num_possible_cpus(); cpu++) {
      const m = c.magazines + MAGAZINE_BYTES * cpu;
      sum += load32(m + TAKEN) - load32(m + COUNT) - load32(m + HELD);
    }
    if (sum !== 0) live.set(name, sum);
  }
  return live;
}

/** Pages that the caches own and never give back. */
export function slabPages(): number {
  let pages = 0;
  for (const { cache } of caches) pages += cache.it.slab_pages === 0 ? 0 : countSlabs(cache.it) * cache.it.slab_pages;
  return pages;
}

function countSlabs(c: kmem_cache): number {
  let held = c.nr_free;
  for (let cpu = 0; cpu < num_possible_cpus(); cpu++) {
    held += load32(c.magazines + MAGAZINE_BYTES * cpu + TAKEN);
  }
  const perSlab = Math.floor((c.slab_pages * PAGE_SIZE) / c.stride);
  return held / perSlab;
}

setKasanDescribe(describeAddress);
