// SPDX-License-Identifier: GPL-2.0-only
/** RAM: what is not RAM traps with its address, and never reads something else; the hook sees everything. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Machine } from '../../init/machine.ts';
import { boot, oopsOf, TEST_ARENA_MIB } from '../../testing/boot.ts';
import { type AccessKind, ATOMIC, LOAD, ONCE, PAGE_OFFSET, PLAIN, RMW, type Sleeper, STORE } from './access.ts';
import {
  ACCESS_ONCE,
  atomic_add,
  atomic_inc_not_zero,
  atomic_read,
  atomic_set,
  cmpxchg,
  smp_mb,
  smp_rmb,
  smp_wmb,
  xchg,
} from './atomic.ts';
import { memblock_alloc } from './bss.ts';
import { irqs_disabled } from './cpu.ts';
import {
  type Addr,
  add32,
  copy_page,
  isHooked,
  load8,
  load16,
  load32,
  load32_unchecked,
  memcpy,
  memset,
  PAGE_SIZE,
  ramBytes,
  ramEnd,
  SHADOW_SHIFT,
  setHook,
  setRamSize,
  shadow,
  store8,
  store16,
  store32,
} from './memory.ts';
import { park } from './park.ts';

let machine: Machine;
let base: number;
beforeEach(() => {
  machine = boot({ sanitize: false });
  base = memblock_alloc(4096, 64);
});
afterEach(() => setHook(null));

const word = (addr: number): Addr<number> => addr as Addr<number>;
const ACCESSES: [string, number, (addr: number) => unknown][] = [
  ['load32', 4, load32],
  ['store32', 4, (addr) => store32(addr, 1)],
  ['load16', 2, load16],
  ['store16', 2, (addr) => store16(addr, 1)],
  ['load8', 1, load8],
  ['store8', 1, (addr) => store8(addr, 1)],
  ['atomic_read', 4, (addr) => atomic_read(word(addr))],
  ['ACCESS_ONCE', 4, (addr) => ACCESS_ONCE(word(addr))],
  ['atomic_set', 4, (addr) => atomic_set(word(addr), 1)],
  ['atomic_add', 4, (addr) => atomic_add(1, word(addr))],
  ['cmpxchg', 4, (addr) => cmpxchg(word(addr), 0, 1)],
  ['xchg', 4, (addr) => xchg(word(addr), 1)],
  ['atomic_inc_not_zero', 4, (addr) => atomic_inc_not_zero(word(addr))],
  ['park', 4, (addr) => park(addr, 0, 0)],
  ['memcpy from', 8, (addr) => memcpy(base, addr, 8)],
  ['memcpy to', 8, (addr) => memcpy(addr, base, 8)],
  ['memcpy from, long', 4096, (addr) => memcpy(base, addr, 4096)],
  ['memset', 8, (addr) => memset(addr, 0, 8)],
];
const END = PAGE_OFFSET + TEST_ARENA_MIB * 1024 * 1024;
const WILD: [string, number, string][] = [
  ['NULL', 0, 'oops:null-dereference'],
  ['a field of NULL', 40, 'oops:null-dereference'],
  ['a user address', 0x0010_0000, 'oops:bad-address'],
  ['a list poison', 0x0020_0200, 'oops:bad-address'],
  ['slab poison', 0x6b6b_6b68, 'oops:bad-address'],
  ['the end of RAM', END, 'oops:bad-address'],
  ['far behind RAM', 0x7fff_fff0, 'oops:bad-address'],
  ['what is negative as an integer', 0xffff_ff00, 'oops:bad-address'],
  ['a negative number', -64, 'oops:bad-address'],
  ['just below RAM', PAGE_OFFSET - 8, 'oops:bad-address'],
];

describe.each([false, true])('with a hook: %s', (hooked) => {
  beforeEach(() => {
    if (hooked) setHook({ access: () => {}, sleeper: null });
  });

  it.each(WILD)('%s traps in every access', (_, addr, kind) => {
    for (const [name, , access] of ACCESSES) {
      const oops = oopsOf(machine, () => access(addr));
      expect([name, oops.kind]).toEqual([name, kind]);
      expect(oops.text[0]).toMatch(new RegExp(`0x0*${(addr >>> 0).toString(16)}\\b`));
    }
  });

  it('a misaligned word traps, and says so', () => {
    for (const [name, bytes, access] of ACCESSES) {
      if (name.startsWith('mem')) continue;
      for (let addr = base + 1; addr < base + 4; addr++) {
        if (addr % bytes === 0) continue;
        expect([name, oopsOf(machine, () => access(addr)).kind]).toEqual([name, 'oops:bad-address']);
      }
    }
    expect(oopsOf(machine, () => load32(base + 2)).text[0]).toMatch(/read of 4 bytes .*not aligned/);
  });

  it('what straddles the end traps', () => {
    expect(load8(END - 1)).toBe(0);
    expect(load32(END - 4)).toBe(0);
    for (const f of [() => memset(END - 4, 0, 8), () => memcpy(END - 4, base, 8), () => memcpy(base, END - 4, 8)]) {
      expect(oopsOf(machine, f).kind).toBe('oops:bad-address');
    }
  });

  it('no other address than RAM can be read', () => {
    fc.assert(
      fc.property(fc.integer({ min: -0x8000_0000, max: 0xffff_ffff }), (addr) => {
        fc.pre(addr < PAGE_OFFSET || addr > END - 4 || addr % 4 !== 0);
        expect(() => load32(addr)).toThrow();
        expect(() => store32(addr, 1)).toThrow();
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});

describe('RAM', () => {
  it('is as large as it was said to be', () => {
    expect([ramBytes(), ramEnd()]).toEqual([TEST_ARENA_MIB * 1024 * 1024, END]);
    setRamSize(1);
    expect(oopsOf(machine, () => load32(PAGE_OFFSET + 1024 * 1024)).kind).toBe('oops:bad-address');
    setRamSize(TEST_ARENA_MIB);
  });
  it('is little-endian', () => {
    store32(base, 0x0403_0201);
    expect([load8(base), load8(base + 3), load16(base + 2)]).toEqual([1, 4, 0x0403]);
    store16(base + 2, 0xffff);
    store8(base, 0x80);
    expect(load32(base) >>> 0).toBe(0xffff_0280);
  });
  it('copies and fills any length at any alignment', () => {
    for (const bytes of [0, 1, 3, 4, 7, 255, 256, 257, 1024]) {
      for (const [to, from] of [
        [0, 0],
        [1, 2],
        [3, 0],
      ] as const) {
        memset(base, 0xee, 4096);
        for (let i = 0; i < bytes; i++) store8(base + 2048 + from + i, i);
        memcpy(base + to, base + 2048 + from, bytes);
        for (let i = 0; i < bytes; i++) expect(load8(base + to + i)).toBe(i & 0xff);
        expect(load8(base + to + bytes)).toBe(0xee);
      }
    }
  });
});

describe('the hook', () => {
  /** [operation, offset, bytes, what it is in C] of what `f` does */
  function watch(f: () => void, sleeper: Sleeper | null = null): [number, number, number, AccessKind][] {
    const seen: [number, number, number, AccessKind][] = [];
    setHook({ access: (op, addr, bytes, kind) => seen.push([op, addr - base, bytes, kind]), sleeper });
    f();
    setHook(null);
    return seen;
  }

  it('sees every access, its width and what it is in C', () => {
    expect(
      watch(() => {
        load32(base);
        store32(base + 4, 1);
        load16(base + 8);
        store16(base + 10, 1);
        load8(base + 12);
        store8(base + 13, 1);
        atomic_read(word(base + 16));
        atomic_set(word(base + 20), 1);
        xchg(word(base + 24), 1);
        ACCESS_ONCE(word(base + 28));
      }),
    ).toEqual([
      [LOAD, 0, 4, PLAIN],
      [STORE, 4, 4, PLAIN],
      [LOAD, 8, 2, PLAIN],
      [STORE, 10, 2, PLAIN],
      [LOAD, 12, 1, PLAIN],
      [STORE, 13, 1, PLAIN],
      [LOAD, 16, 4, ATOMIC],
      [STORE, 20, 4, ATOMIC],
      [RMW, 24, 4, ATOMIC],
      [LOAD, 28, 4, ONCE],
    ]);
  });
  it('is told of barriers, where they stand', () => {
    const seen: string[] = [];
    setHook({
      access: (_, addr) => seen.push(`${addr - base}`),
      barrier: (what) => seen.push(['wmb', 'rmb', 'mb'][what] as string),
      sleeper: null,
    });
    store32(base, 1);
    smp_wmb();
    store32(base + 4, 1);
    smp_mb();
    load32(base + 8);
    smp_rmb();
    load32(base + 12);
    expect(seen).toEqual(['0', 'wmb', '4', 'mb', '8', 'rmb', '12']);
  });
  it.each([8, 7, 1000])('sees the whole of a block of %i bytes', (bytes) => {
    expect(watch(() => memcpy(base + 2048, base, bytes))).toEqual([
      [LOAD, 0, bytes, PLAIN],
      [STORE, 2048, bytes, PLAIN],
    ]);
    expect(watch(() => memset(base, 1, bytes))).toEqual([[STORE, 0, bytes, PLAIN]]);
  });
  it('sees a page copied at once, and where one CPU runs at a time in steps of eight bytes', () => {
    const page = memblock_alloc(2 * PAGE_SIZE, PAGE_SIZE);
    for (let i = 0; i < PAGE_SIZE; i += 4) store32(page + i, i);
    const from = page - base;
    const to = from + PAGE_SIZE;
    expect(watch(() => copy_page(page + PAGE_SIZE, page))).toEqual([
      [LOAD, from, PAGE_SIZE, PLAIN],
      [STORE, to, PAGE_SIZE, PLAIN],
    ]);
    const sleeper: Sleeper = { park: () => false, unpark: () => 0, idle: () => {}, isQuiet: () => true };
    memset(page + PAGE_SIZE, 0, PAGE_SIZE);
    const steps = watch(() => copy_page(page + PAGE_SIZE, page), sleeper);
    expect(steps).toEqual(
      Array.from({ length: PAGE_SIZE / 8 }, (_, i) => [
        [LOAD, from + 8 * i, 8, PLAIN],
        [STORE, to + 8 * i, 8, PLAIN],
      ]).flat(),
    );
    for (let i = 0; i < PAGE_SIZE; i += 4) expect(load32(page + PAGE_SIZE + i)).toBe(i);
  });
  it('is called before the access, and can prevent it', () => {
    setHook({
      access: () => {
        throw new Error('no');
      },
      sleeper: null,
    });
    expect(isHooked()).toBe(true);
    expect(() => store32(base, 5)).toThrow('no');
    setHook(null);
    expect(load32(base)).toBe(0);
  });
});

describe('a hook that knows the shadow', () => {
  const POISONED = 64;
  const marked = (): number => (base + POISONED - PAGE_OFFSET) >>> SHADOW_SHIFT;
  let seen: [number, number, number, AccessKind][];
  beforeEach(() => {
    seen = [];
    shadow[marked()] = 1;
    setHook({
      access: (op, addr, bytes, kind) => seen.push([op, addr - base, bytes, kind]),
      shadowed: true,
      sleeper: null,
    });
  });
  afterEach(() => {
    shadow[marked()] = 0;
  });

  it.each([0, POISONED - 4, POISONED + 8])('does not see accesses %i bytes in, where the shadow is zero', (offset) => {
    for (const [, bytes, access] of ACCESSES) if (bytes <= 4) access(base + offset);
    expect(seen).toEqual([]);
  });
  it.each([0, 4])('sees all accesses where it is not, %i bytes on', (offset) => {
    for (const [, bytes, access] of ACCESSES) if (bytes <= 4) access(base + POISONED + offset);
    const words = ACCESSES.filter(([, bytes]) => bytes <= 4);
    expect(seen.map(([, addr, bytes]) => [addr, bytes])).toEqual(words.map(([, n]) => [POISONED + offset, n]));
  });
  it('sees a block of which one byte is there, and no other', () => {
    memcpy(base + 1024, base, POISONED);
    memcpy(base + 1024, base, POISONED + 1);
    memset(base + POISONED + 7, 0, 32);
    memset(base + POISONED + 8, 0, 32);
    expect(seen).toEqual([
      [LOAD, 0, POISONED + 1, PLAIN],
      [STORE, POISONED + 7, 32, PLAIN],
    ]);
  });
  it.each(ACCESSES)('%s traps outside RAM', (_, __, access) => {
    for (const addr of [0, END, 2 ** 32 - 4]) {
      expect(oopsOf(machine, () => access(addr)).kind).toBe(oopsOf(machine, () => load32(addr)).kind);
    }
    expect(seen).toEqual([]);
  });
});

describe('an addition', () => {
  it('is one step to an interrupt, a load and a store to other CPUs', () => {
    const seen: [number, boolean][] = [];
    add32(base, 5);
    setHook({ access: (op) => seen.push([op, irqs_disabled()]), sleeper: null });
    add32(base, -2);
    setHook(null);
    expect(seen).toEqual([
      [LOAD, true],
      [STORE, true],
    ]);
    expect([load32(base), irqs_disabled()]).toEqual([3, false]);
  });
});

it('what a device looks at is no access', () => {
  store32(base, 7);
  const seen: number[] = [];
  setHook({ access: (op) => seen.push(op), sleeper: null });
  expect(load32_unchecked(base)).toBe(7);
  expect(seen).toEqual([]);
});
