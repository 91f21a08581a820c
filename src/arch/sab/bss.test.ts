// SPDX-License-Identifier: GPL-2.0-only
/** Static data has one zeroed place, which another thread finds by name. */
import { describe, expect, it } from 'vitest';
import { boot } from '../../testing/boot.ts';
import { PAGE_OFFSET } from './access.ts';
import { attachStatics, bootStatics, bss, memblock_alloc, memblock_end } from './bss.ts';
import { PAGE_SIZE, ramEnd, store32 } from './memory.ts';
import { cacheline, struct, u32, words } from './struct.ts';

const a = bss('test_bss_a', struct('test_bss_a', { n: u32 }));
const b = bss('test_bss_b', struct('test_bss_b', { n: cacheline(u32), more: words(40) }));

describe('static data', () => {
  it('is in RAM, apart, aligned, and zero after every boot', () => {
    for (let i = 0; i < 2; i++) {
      boot({ sanitize: false });
      expect(a.it.addr).toBeGreaterThanOrEqual(PAGE_OFFSET + PAGE_SIZE);
      expect([a.it.addr % 64, b.it.addr % 64]).toEqual([0, 0]);
      expect(Math.abs(a.it.addr - b.it.addr)).toBeGreaterThanOrEqual(64);
      expect([a.it.n, b.it.n]).toEqual([0, 0]);
      a.it.n = 7;
      b.it.n = 8;
    }
  });
  it('is found again by whoever attaches', () => {
    boot({ sanitize: false });
    const { addr } = b.it;
    b.it.n = 5;
    Object.assign(b, { it: a.it });
    attachStatics();
    expect([b.it.addr, b.it.n]).toEqual([addr, 5]);
  });
  it('cannot be attached to before the boot', () => {
    boot({ sanitize: false });
    store32(PAGE_OFFSET, 0);
    expect(() => attachStatics()).toThrow('has not been booted');
  });
  it('must be known to the thread that boots', () => {
    boot({ sanitize: false });
    bss('test_bss_late', struct('test_bss_late', { n: u32 }));
    expect(() => attachStatics()).toThrow('test_bss_late');
    bootStatics();
    attachStatics();
  });
});

describe('memblock', () => {
  it('aligns, never gives the same twice, and ends with RAM', () => {
    boot({ sanitize: false });
    const first = memblock_alloc(10, 4);
    const second = memblock_alloc(1, PAGE_SIZE);
    expect(second % PAGE_SIZE).toBe(0);
    expect(second).toBeGreaterThanOrEqual(first + 10);
    expect(memblock_end()).toBe(second + 1);
    expect(() => memblock_alloc(ramEnd() - memblock_end() + 1, 4)).toThrow('too small');
  });
});
