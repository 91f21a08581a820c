// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from 'vitest';
import { ddmin } from './ddmin.ts';

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Counts what it is asked. */
function needing(needed: readonly number[]): {
  trial: (items: readonly number[]) => Promise<number[] | null>;
  asked: () => number;
} {
  let asked = 0;
  return {
    trial: async (items) => {
      asked++;
      return needed.every((item) => items.includes(item)) ? [...items] : null;
    },
    asked: () => asked,
  };
}

test.each([[[]], [[0]], [[99]], [[3, 77]], [[0, 50, 99]], [upTo(7)]])(
  'of a hundred items %o are left',
  async (needed) => {
    const { trial, asked } = needing(needed);
    expect(await ddmin(upTo(100), trial)).toEqual(needed);
    expect(asked()).toBeLessThan(200);
  },
);

test('a list of which all is needed stays', async () => {
  expect(await ddmin(upTo(5), needing(upTo(5)).trial)).toEqual(upTo(5));
});

test('two that are only left out together are', async () => {
  const trial = async (items: readonly number[]): Promise<readonly number[] | null> =>
    items.includes(4) && items.includes(1) === items.includes(2) ? items : null;
  expect(await ddmin([1, 2, 4], trial)).toEqual([4]);
});

test('items that a trial says are not needed are gone at once', async () => {
  const trials: number[] = [];
  const trial = async (items: readonly number[]): Promise<readonly number[] | null> => {
    trials.push(items.length);
    return items.includes(9) ? [9] : null;
  };
  expect(await ddmin(upTo(64), trial)).toEqual([9]);
  expect(trials.length).toBeLessThan(6);
});
