// SPDX-License-Identifier: GPL-2.0-only
/** Function pointers: an id is the name's, and a wild one does not call anything. */
import { describe, expect, it } from 'vitest';
import { type Fn, fn, fnName, fnOf, symbolHash, WildJump } from './functable.ts';

const twice = fn('test_twice', (n: number) => 2 * n);

describe('function pointers', () => {
  it('lead back to the function', () => {
    expect(fnOf(twice)(21)).toBe(42);
    expect(fnOf(twice)(4)).toBe(8);
    expect(fnName(twice)).toBe('test_twice');
  });
  it('depend on the name only, fit a word, and are not NULL', () => {
    expect(twice).toBe(symbolHash('test_twice'));
    expect(twice | 0).toBe(twice);
    expect(symbolHash('')).not.toBe(0);
    expect(fn('test_twice', (n: number) => 3 * n)).toBe(twice);
    expect(fnOf(twice)(2)).toBe(6);
  });
  it('that hold no id are a wild jump', () => {
    for (const id of [0, ~0, 1, 0x6b6b_6b6b, twice ^ 0x100]) {
      expect(() => fnOf(id as Fn<() => void>)).toThrow(WildJump);
      expect(() => fnOf(id as Fn<() => void>)).toThrow(`0x${(id >>> 0).toString(16)}`);
    }
    expect(fnName(0xffff_fff0)).toBe('0xfffffff0');
  });
});
