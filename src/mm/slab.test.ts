// SPDX-License-Identifier: GPL-2.0-only
/** The slab and KASAN: what is handed out is zeroed and apart; what is touched wrongly is found, and named. */
import { beforeEach, describe, expect, it } from 'vitest';
import { PAGE_OFFSET } from '../arch/sab/access.ts';
import { atomic_inc } from '../arch/sab/atomic.ts';
import { setCpu } from '../arch/sab/cpu.ts';
import { type Addr, i32, load8, load32, memcpy, memset, PAGE_SIZE, store8, store32 } from '../arch/sab/memory.ts';
import { struct, words } from '../arch/sab/struct.ts';
import type { Machine } from '../init/machine.ts';
import { objectText } from '../kernel/object_ref.ts';
import { boot, kinds, oopsOf } from '../testing/boot.ts';
import { kasan_enabled } from './kasan.ts';
import { nr_free_pages } from './page_alloc.ts';
import {
  defineCache,
  describeAddress,
  kcalloc,
  kfree,
  kmem_cache_alloc,
  kmem_cache_free,
  kzalloc,
  liveObjects,
  slabPages,
} from './slab.ts';

const thing = defineCache('test_thing', struct('test_thing', { room: words(10) }));
const aligned = defineCache('test_aligned', struct('test_aligned', { room: words(18) }), 64);

describe.each([true, false])('slab with KASAN %s', (sanitize) => {
  let machine: Machine;
  beforeEach(() => {
    machine = boot({ sanitize });
    expect(kasan_enabled()).toBe(sanitize);
  });

  it('hands out zeroed memory, aligned, without overlap', () => {
    for (const { cache, bytes, align } of [
      { cache: thing, bytes: 40, align: 8 },
      { cache: aligned, bytes: 72, align: 64 },
    ]) {
      const objects = Array.from({ length: 300 }, () => kmem_cache_alloc(cache)).sort((a, b) => a - b);
      objects.forEach((obj, i) => {
        expect(obj % align).toBe(0);
        if (i > 0) expect(obj - (objects[i - 1] as number)).toBeGreaterThanOrEqual(bytes);
        for (let at = 0; at < bytes; at += 4) expect(load32(obj + at)).toBe(0);
        memset(obj, 0xff, bytes);
      });
      for (const obj of objects) kmem_cache_free(cache, obj);
      for (let i = 0; i < 300; i++) expect(load32(kmem_cache_alloc(cache) + bytes - 4)).toBe(0);
    }
    expect(kinds(machine)).toEqual([]);
  });
  it('counts what is alive, by cache, whoever frees it', () => {
    const objects = Array.from({ length: 50 }, () => kmem_cache_alloc(thing));
    const small = kzalloc(20);
    const before = liveObjects();
    expect(before.get('test_thing')).toBe(50);
    setCpu(1, 2);
    for (const obj of objects.slice(0, 47)) kmem_cache_free(thing, obj);
    setCpu(0, 2);
    expect(liveObjects().get('test_thing')).toBe(3);
    for (const obj of objects.slice(47)) kmem_cache_free(thing, obj);
    kfree(small);
    expect(liveObjects().has('test_thing')).toBe(false);
    expect((before.get('kmalloc-32') ?? 0) - (liveObjects().get('kmalloc-32') ?? 0)).toBe(1);
  });
  it('knows the pages that it has taken', () => {
    const free = nr_free_pages();
    const owned = slabPages();
    const objects = Array.from({ length: 500 }, () => kmem_cache_alloc(aligned));
    expect(slabPages() - owned).toBe(free - nr_free_pages());
    for (const obj of objects) kmem_cache_free(aligned, obj);
    expect(slabPages() - owned).toBe(free - nr_free_pages());
  });
  it('says so when memory is out, and goes on when there is some again', () => {
    const objects: number[] = [];
    for (let obj = kmem_cache_alloc(thing); obj !== 0; obj = kmem_cache_alloc(thing)) objects.push(obj);
    expect(objects.length).toBeGreaterThan(10_000);
    expect(new Set(objects).size).toBe(objects.length);
    expect(kzalloc(3 * PAGE_SIZE)).toBe(0);
    for (const obj of objects.slice(0, 1000)) kmem_cache_free(thing, obj);
    expect(kmem_cache_alloc(thing)).not.toBe(0);
    expect(kinds(machine)).toEqual([]);
  });
  it('finds a double free, and a free of what is no object', () => {
    const obj = kmem_cache_alloc(thing);
    kmem_cache_alloc(thing);
    kmem_cache_free(thing, obj);
    const twice = oopsOf(machine, () => kmem_cache_free(thing, obj));
    expect(twice).toMatchObject({ kind: 'kasan:double-free', title: 'KASAN: double free of test_thing' });
    expect(twice.objects.map(objectText)).toEqual([`test_thing 0x${obj.toString(16)}`]);
    const other = kmem_cache_alloc(thing);
    for (const wrong of [other + 8, other + 2, 0, 64]) expect(() => kmem_cache_free(thing, wrong)).toThrow();
    kmem_cache_free(thing, other);
  });
  it('has kmalloc for every size', () => {
    for (const bytes of [1, 32, 33, 100, 4096, 4097, 3 * PAGE_SIZE]) {
      const addr = kzalloc(bytes);
      expect(addr % 64).toBe(0);
      expect([load8(addr), load8(addr + bytes - 1)]).toEqual([0, 0]);
      memset(addr, 0xaa, bytes);
      kfree(addr);
    }
    kfree(0);
    kfree(kcalloc(3, 7));
    expect([kinds(machine), liveObjects().get('kmalloc-128') ?? 0]).toEqual([[], 0]);
  });
  it('gives big pieces back to the pages', () => {
    const free = nr_free_pages();
    const addr = kzalloc(5 * PAGE_SIZE);
    expect(nr_free_pages()).toBe(free - 5);
    kfree(addr);
    expect(nr_free_pages()).toBe(free);
    expect(oopsOf(machine, () => kfree(addr)).kind).toBe('refcount:page');
  });
});

describe('KASAN', () => {
  let machine: Machine;
  let obj: number;
  beforeEach(() => {
    machine = boot();
    kmem_cache_alloc(thing);
    obj = kmem_cache_alloc(thing);
  });

  it.each<[string, (obj: number) => unknown]>([
    ['a word read', (at) => load32(at + 4)],
    ['a word written', (at) => store32(at, 1)],
    ['a byte', (at) => load8(at + 39)],
    ['an atomic', (at) => atomic_inc(at as Addr<number>)],
    ['a copy from it', (at) => memcpy(kzalloc(64), at, 40)],
    ['a fill', (at) => memset(at, 0, 40)],
  ])('finds %s after the free, and names the object', (_, touch) => {
    touch(obj);
    kmem_cache_free(thing, obj);
    const found = oopsOf(machine, () => touch(obj));
    expect(found).toMatchObject({ kind: 'kasan:use-after-free', title: 'KASAN: slab-use-after-free of test_thing' });
    expect(found.objects[0]).toMatchObject({ type: 'test_thing', addr: obj });
  });
  it.each([40, 44, 48, 60, -4, -16])('finds a write at offset %i, which is out of bounds', (offset) => {
    expect(oopsOf(machine, () => store32(obj + offset, 1)).kind).toBe('kasan:out-of-bounds');
    expect(oopsOf(machine, () => load8(obj + offset)).kind).toBe('kasan:out-of-bounds');
  });
  it('finds a block that begins well and ends badly', () => {
    memset(obj, 1, 40);
    expect(oopsOf(machine, () => memset(obj, 1, 44)).kind).toBe('kasan:out-of-bounds');
    expect(oopsOf(machine, () => memcpy(kzalloc(64), obj, 41)).kind).toBe('kasan:out-of-bounds');
    store8(obj + 39, 1);
  });
  it('finds a write after the free that no hook saw, when the object is used again', () => {
    kmem_cache_free(thing, obj);
    i32[(obj + 8 - PAGE_OFFSET) >>> 2] = 5;
    const found = oopsOf(machine, () => {
      for (let i = 0; i < 500; i++) kmem_cache_free(thing, kmem_cache_alloc(thing));
    });
    expect(found).toMatchObject({ kind: 'kasan:write-after-free', title: expect.stringContaining('test_thing') });
    expect(found.text[0]).toContain('word 2');
  });
  it('keeps a freed object in quarantine for a while', () => {
    kmem_cache_free(thing, obj);
    for (let i = 0; i < 30; i++) {
      const next = kmem_cache_alloc(thing);
      expect(next).not.toBe(obj);
      kmem_cache_free(thing, next);
    }
    const later = Array.from({ length: 500 }, () => {
      const next = kmem_cache_alloc(thing);
      kmem_cache_free(thing, next);
      return next;
    });
    expect(later).toContain(obj);
  });
  it('names any address', () => {
    const named = (addr: number): string => objectText(describeAddress(addr));
    expect(named(obj + 8)).toBe(`test_thing 0x${obj.toString(16)}+0x8`);
    expect(named(16)).toBe('address 0x10');
    expect(named(kzalloc(2 * PAGE_SIZE) + 4)).toMatch(/^page 0x\w+\+0x4$/);
  });
});
