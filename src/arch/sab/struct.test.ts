// SPDX-License-Identifier: GPL-2.0-only
/** Structs are laid out as C does it, views are pointers, and a wrong type is an error of the compiler. */
import { beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import type { Machine } from '../../init/machine.ts';
import { spin_lock_init, spinlock_t } from '../../kernel/locking/spinlock.ts';
import { boot, kinds, oopsOf } from '../../testing/boot.ts';
import { aio_ring, io_event, iocb } from '../../uapi/aio_abi.ts';
import { PAGE_OFFSET } from './access.ts';
import { atomic_inc } from './atomic.ts';
import { memblock_alloc } from './bss.ts';
import { fnptr } from './functable.ts';
import { type Addr, load16, load32, store32 } from './memory.ts';
import {
  atomic_t,
  cacheline,
  container_of,
  copy64,
  embed,
  hi32,
  linkPointers,
  lo32,
  point,
  ptr,
  ptrAt,
  s16,
  s32,
  set64,
  setPtrAt,
  struct,
  u16,
  u32,
  u64,
  type View,
  words,
} from './struct.ts';

const inner = struct('inner', { a: u16, b: s16, c: u32 });
const outer = struct('outer', {
  first: u32,
  half: u16,
  big: u64,
  sign: s32,
  in: embed(inner),
  next: ptr(() => outer_again),
  f: fnptr<(n: number) => void>(),
  lines: cacheline(words(3)),
  count: atomic_t,
});
// By another name, because a type cannot be inferred from itself.
const outer_again = struct('outer', { first: u32 });
linkPointers();

let machine: Machine;
let base: number;
beforeAll(() => {
  machine = boot({ sanitize: false });
  base = memblock_alloc(1024, 64);
});

describe('layout', () => {
  it('aligns each field to its size', () => {
    expect(inner.offsetof).toEqual({ a: 0, b: 2, c: 4 });
    expect(inner.sizeof).toBe(8);
    expect(outer.offsetof).toMatchObject({ first: 0, half: 4, big: 8, sign: 16, in: 20, next: 28, f: 32 });
  });
  it('starts a cache line where it is told to, and pads the end', () => {
    expect(outer.offsetof).toMatchObject({ lines: 64, count: 76 });
    expect(outer.alignof).toBe(64);
    expect(outer.sizeof).toBe(128);
  });
  it('gives the sizes of the ABI', () => {
    expect([io_event.sizeof, aio_ring.sizeof, iocb.sizeof]).toEqual([32, 32, 64]);
  });
});

describe('access', () => {
  it('keeps signs and widths', () => {
    const v = outer.at(base);
    const i = inner.at(v.in);
    v.first = -1;
    v.sign = -2;
    i.a = 0x1_fffe;
    i.b = -3;
    i.c = 7;
    expect([v.first, v.sign, i.a, i.b, i.c]).toEqual([0xffff_ffff, -2, 0xfffe, -3, 7]);
    expect([load16(i.$a), load16(i.$b)]).toEqual([0xfffe, 0xfffd]);
  });
  it('leaves the neighbours alone', () => {
    const i = inner.at(base + 256);
    store32(i.addr, 0);
    store32(i.addr + 4, 0x55aa_55aa);
    i.a = 0xffff;
    expect([i.b, i.c]).toEqual([0, 0x55aa_55aa]);
    i.b = -1;
    i.a = 0;
    expect([i.a, i.b, load32(i.addr)]).toEqual([0, -1, 0xffff_0000 | 0]);
  });
  it('has 64 bits as two words', () => {
    const v = outer.at(base);
    const w = outer.at(base + 128);
    set64(v.big, 0xdead_beef | 0, 5);
    copy64(w.big, v.big);
    expect([lo32(w.big) >>> 0, hi32(w.big)]).toEqual([0xdead_beef, 5]);
  });
  it('reads a pointer as a view, NULL as null', () => {
    const v = outer.at(base);
    v.next = null;
    expect(v.next).toBeNull();
    v.next = outer_again.at(base + 128);
    expect(v.next).toEqual(outer_again.at(base + 128));
    expect(load32(v.$next)).toBe(base + 128);
  });
  it('keeps pointers in arrays', () => {
    const array = outer.at(base).lines;
    setPtrAt(array, 1, outer.at(base + 128));
    setPtrAt(array, 2, null);
    expect(ptrAt(array, 1, outer)).toEqual(outer.at(base + 128));
    expect(ptrAt(array, 2, outer)).toBeNull();
  });
});

describe('views', () => {
  it('of one address are equal', () => {
    expect(inner.at(base)).toEqual(inner.at(base));
    expect(inner.at(base)).not.toEqual(inner.at(base + 4));
  });
  it('can be pointed elsewhere', () => {
    const v = inner.at(0);
    point(v, base);
    expect(v).toEqual(inner.at(base));
  });
  it('of two structs differ at one address', () => {
    expect(inner.at(base) as unknown).not.toBe(outer.at(base));
  });
  it('find the struct around a member', () => {
    const v = outer.at(base);
    expect(container_of(v.in, outer, 'in')).toEqual(v);
    expect(container_of(v.count, outer, 'count')).toEqual(v);
    expect(container_of(v.$sign, outer, 'sign')).toEqual(v);
  });
  it('of NULL are null if asked, and trap if used', () => {
    expect(outer.from(0)).toBeNull();
    expect(oopsOf(machine, () => outer.at(0).sign).kind).toBe('oops:null-dereference');
    expect(oopsOf(machine, () => (outer.at(0).next = null)).kind).toBe('oops:null-dereference');
  });
  it.each([
    ['misaligned', 2],
    ['behind RAM', 8 * 1024 * 1024 - 16],
    ['below RAM', -64],
  ])('of what is %s trap, whatever the width', (_, offset) => {
    for (const f of [
      () => outer.at(PAGE_OFFSET + offset).sign,
      () => (outer.at(PAGE_OFFSET + offset).sign = 1),
      () => outer.at(PAGE_OFFSET + offset).next,
    ]) {
      expect(oopsOf(machine, f).kind).toBe('oops:bad-address');
    }
    if (offset % 4 === 0) expect(oopsOf(machine, () => outer.at(PAGE_OFFSET + offset + 12).half).kind).toBeDefined();
    expect(kinds(machine)).not.toContain('warn');
  });
});

describe('types', () => {
  it('tell values from addresses, and addresses from each other', () => {
    const v = outer.at(base);
    expectTypeOf(v.first).toEqualTypeOf<number>();
    expectTypeOf(v.in).toEqualTypeOf<Addr<View<typeof inner>>>();
    expectTypeOf(v.next).toEqualTypeOf<View<typeof outer_again> | null>();
    const wrong = (): void => {
      // @ts-expect-error: an embedded struct cannot be assigned
      v.in = 0;
      // @ts-expect-error: a number is not an atomic_t's address
      atomic_inc(v.first);
      // @ts-expect-error: an atomic_t is not a lock
      spin_lock_init(v.count, 'test_lock_a');
      // @ts-expect-error: that member is of another type
      container_of(v.count, outer, 'in');
      // @ts-expect-error: a pointer to another struct
      v.next = inner.at(0);
      // @ts-expect-error: there is no such field
      expect(v.nothing).toBeUndefined();
      // @ts-expect-error: a plain address says nothing of what is there
      spin_lock_init(base, 'test_lock_a');
      spin_lock_init(spinlock_t.at(base).addr as Addr<spinlock_t>, 'test_lock_a');
    };
    expect(wrong).toBeInstanceOf(Function);
  });
});
