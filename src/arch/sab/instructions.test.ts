// SPDX-License-Identifier: GPL-2.0-only
/** Block copies and fills against a plain array of bytes, and that what an export stores is what Atomics see. */
import fc from 'fast-check';
import { beforeEach, expect, it } from 'vitest';
import { boot } from '../../testing/boot.ts';
import { PAGE_OFFSET } from './access.ts';
import { memblock_alloc } from './bss.ts';
import { add, compareExchange, exchange, load, store } from './instructions.ts';
import { i32, load8, memcpy, memset, memset_unchecked, store8 } from './memory.ts';

const BYTES = 512;
let base: number;
beforeEach(() => {
  boot({ sanitize: false });
  base = memblock_alloc(BYTES, 64);
});

const span = fc.record({ at: fc.nat(BYTES / 2 - 1), bytes: fc.nat(BYTES / 2) });
/** Half of them as memory is mostly used: whole words. */
const spans = fc.tuple(span, span, fc.boolean()).map(([a, b, words]) =>
  words
    ? [
        { at: a.at & -4, bytes: a.bytes & -4 },
        { at: b.at & -4, bytes: b.bytes & -4 },
      ]
    : [a, b],
) as fc.Arbitrary<[{ at: number; bytes: number }, { at: number; bytes: number }]>;

/** What stands in RAM, byte by byte. */
const ram = (): number[] => Array.from({ length: BYTES }, (_, i) => load8(base + i));

it('copies and fills exactly the bytes that it is asked to', () => {
  fc.assert(
    fc.property(spans, fc.nat(255), ([from, to], byte) => {
      const half = BYTES / 2;
      for (let i = 0; i < BYTES; i++) store8(base + i, (i * 7) & 255);
      const model = ram();
      const bytes = Math.min(from.bytes, half - from.at, half - to.at);
      memcpy(base + half + to.at, base + from.at, bytes);
      for (let i = 0; i < bytes; i++) model[half + to.at + i] = model[from.at + i] as number;
      expect(ram()).toEqual(model);
      const filled = Math.min(to.bytes, half - to.at);
      (byte & 1 ? memset : memset_unchecked)(base + to.at, byte, filled);
      model.fill(byte, to.at, to.at + filled);
      expect(ram()).toEqual(model);
    }),
    { seed: 1, numRuns: 150 },
  );
});

it('stores what Atomics load, and gives what the word was', () => {
  const at = base - PAGE_OFFSET;
  const seen = (): number => Atomics.load(i32, at >>> 2);
  store(at, -2);
  expect([seen(), load(at)]).toEqual([-2, -2]);
  expect([add(at, 5), seen()]).toEqual([-2, 3]);
  expect([exchange(at, 8), seen()]).toEqual([3, 8]);
  expect([compareExchange(at, 7, 9), seen()]).toEqual([8, 8]);
  expect([compareExchange(at, 8, 9), seen()]).toEqual([8, 9]);
});
