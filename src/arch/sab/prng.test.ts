// SPDX-License-Identifier: GPL-2.0-only
/** Random numbers: a function of the seed, in range, and not all the same. */
import { describe, expect, it } from 'vitest';
import { mix32, Prng } from './prng.ts';

const draw = (seed: number, n: number): number[] => {
  const prng = new Prng(seed);
  return Array.from({ length: n }, () => prng.next());
};

describe('Prng', () => {
  it('repeats itself for a seed, and not for another', () => {
    expect(draw(7, 100)).toEqual(draw(7, 100));
    expect(draw(7, 5)).not.toEqual(draw(8, 5));
    expect(draw(0, 50)).not.toContain(undefined);
    expect(new Set(draw(0, 1000)).size).toBeGreaterThan(990);
  });
  it('stays what it was: seeds in old reports mean the same runs', () => {
    expect(draw(1, 3)).toMatchInlineSnapshot(`
      [
        422360767,
        1147630346,
        2849783052,
      ]
    `);
  });
  it('stays in range, and reaches both ends', () => {
    const prng = new Prng(3);
    const seen = new Set(Array.from({ length: 2000 }, () => prng.between(-2, 5)));
    expect([...seen].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2, 3, 4, 5]);
    expect(Array.from({ length: 500 }, () => prng.below(3)).every((n) => n >= 0 && n < 3)).toBe(true);
    expect([prng.below(0), prng.below(1), prng.pick(['x'])]).toEqual([0, 0, 'x']);
  });
  it('is fair enough', () => {
    const prng = new Prng(11);
    let hits = 0;
    for (let i = 0; i < 10_000; i++) if (prng.oneIn(10)) hits++;
    expect(hits).toBeGreaterThan(800);
    expect(hits).toBeLessThan(1200);
  });
});

it('mix32 is a bijection, as far as one can look', () => {
  const images = new Set(Array.from({ length: 65_536 }, (_, n) => mix32(n)));
  expect(images.size).toBe(65_536);
  expect([...images].every((n) => n >= 0 && n <= 0xffff_ffff)).toBe(true);
});
