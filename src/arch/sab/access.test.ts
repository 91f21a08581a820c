// SPDX-License-Identifier: GPL-2.0-only
/** Every way to RAM tells the hook the same, and traps on the same addresses. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ATOMIC, LOAD, PAGE_OFFSET, STORE } from './access.ts';
import { atomic_read, atomic_set } from './atomic.ts';
import { type Addr, copy2, load32, memcpy, setFaultHandler, setHook, setRamSize, store2, store32 } from './memory.ts';
import { atomic_t, linkPointers, ptr, s32, struct, u16, u32, type View } from './struct.ts';

const thing = struct('thing', {
  a: u32,
  next: ptr((): typeof thing_type => thing_type),
  half: u16,
  other_half: u16,
  signed: s32,
  count: atomic_t,
});
type thing = View<typeof thing>;
// A pointer's type is found late, as that of a struct which is declared further down.
const thing_type = struct('thing_type', { a: u32 });

const RAM_MIB = 1;
const END = PAGE_OFFSET + RAM_MIB * 1024 * 1024;
const AT = PAGE_OFFSET + 4096;

class Trap extends Error {}
const seen: string[] = [];

beforeEach(() => {
  setRamSize(RAM_MIB);
  linkPointers();
  setFaultHandler((addr) => {
    throw new Trap((addr >>> 0).toString(16));
  });
  seen.length = 0;
});
afterEach(() => setHook(null));

const listen = (): void =>
  setHook({
    access: (op, addr, bytes, kind) => seen.push(`${op} +${addr - AT} ${bytes}${kind === ATOMIC ? ' atomic' : ''}`),
    sleeper: null,
  });

describe('a field', () => {
  const view: thing = thing.at(AT);

  it('holds what was stored, hooked or not', () => {
    for (const hooked of [false, true]) {
      if (hooked) listen();
      view.a = 0xffff_fffe;
      view.signed = -5;
      view.half = 0x1234;
      view.other_half = 0xfedc;
      view.next = thing_type.at(AT + 64);
      expect([view.a, view.signed, view.half, view.other_half]).toEqual([0xffff_fffe, -5, 0x1234, 0xfedc]);
      expect(view.next).toEqual(thing_type.at(AT + 64));
      view.next = null;
      expect(view.next).toBeNull();
    }
  });

  it('tells the hook its address and size', () => {
    listen();
    view.a = view.signed;
    view.half = view.other_half;
    const { next } = view;
    view.next = next;
    atomic_set(view.count, atomic_read(view.count));
    expect(seen).toEqual([
      `${LOAD} +12 4`,
      `${STORE} +0 4`,
      `${LOAD} +10 2`,
      `${STORE} +8 2`,
      `${LOAD} +4 4`,
      `${STORE} +4 4`,
      `${LOAD} +16 4 atomic`,
      `${STORE} +16 4 atomic`,
    ]);
  });
});

describe('an address that is not RAM', () => {
  const bad = {
    NULL: 0,
    'user memory': 0x0100_0000,
    'behind RAM': END,
    misaligned: AT + 2,
    odd: AT + 1,
    poison: 0x6b6b_6b6b,
  };

  it.each(Object.entries(bad))('traps: %s', (_, addr) => {
    for (const hooked of [false, true]) {
      if (hooked) listen();
      const view = thing.at(addr);
      const text = addr.toString(16);
      expect(() => load32(addr)).toThrow(text);
      expect(() => store32(addr, 1)).toThrow(text);
      expect(() => store2(addr, 1, 2)).toThrow(text);
      expect(() => copy2(AT, addr)).toThrow(text);
      expect(() => view.a).toThrow(text);
      expect(() => {
        view.a = 1;
      }).toThrow(text);
      expect(() => view.signed).toThrow((addr + 12).toString(16));
      expect(() => atomic_read(addr as Addr<number>)).toThrow(text);
    }
  });

  it('traps where a block leaves RAM', () => {
    expect(() => memcpy(END - 16, AT, 32)).toThrow(Trap);
    expect(() => memcpy(AT, END - 4, 8)).toThrow(Trap);
    expect(() => store2(END - 4, 1, 2)).toThrow(END.toString(16));
    expect(() => copy2(AT, END - 4)).toThrow(END.toString(16));
  });
});
