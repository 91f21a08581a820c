// SPDX-License-Identifier: GPL-2.0-only
/**
 * The search runs as many schedules as there are.
 *
 * A thread of k accesses has k + 1 stretches: up to the first access, and from each to the next. Of n such threads
 * there are (n(k+1))! / ((k+1)!)^n schedules.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Bound } from '../../options/engine.ts';
import type { Litmus, Op } from '../litmus/litmus.test-data.ts';
import { LitmusPool } from '../litmus/litmus.ts';
import type { Decision } from '../schedule/words.ts';
import { exhaust } from './dfs.ts';

let pool: LitmusPool;
beforeAll(() => {
  pool = new LitmusPool();
});
afterAll(() => pool.close());

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));

/** Threads that each write one shared word `k` times. */
const program = (n: number, k: number): Litmus => ({
  name: `${n} threads, ${k} accesses each`,
  threads: Array.from({ length: n }, () => Array.from({ length: k }, (): Op => ['store', 0, 1])),
  sc: [''],
  more: {},
});

/** Orders of so many stretches of each thread, with so many preemptions at most, counted one by one. */
function orders(left: readonly number[], running: number, preemptions: number, bound: number): number {
  if (preemptions > bound) return 0;
  if (left.every((stretches) => stretches === 0)) return 1;
  let sum = 0;
  left.forEach((stretches, thread) => {
    if (stretches === 0) return;
    const preempts = running >= 0 && thread !== running && (left[running] as number) > 0;
    const then = left.map((n, i) => (i === thread ? n - 1 : n));
    sum += orders(then, thread, preemptions + (preempts ? 1 : 0), bound);
  });
  return sum;
}

/** The same, with so many deviations at most: from who runs, or else from the next one in turn. */
function deviating(left: readonly number[], running: number, deviations: number, bound: number): number {
  if (deviations > bound) return 0;
  if (left.every((stretches) => stretches === 0)) return 1;
  const turns = left.map((_, i) => (running + i) % left.length);
  const byDefault = turns.find((thread) => (left[thread] as number) > 0);
  let sum = 0;
  left.forEach((stretches, thread) => {
    if (stretches === 0) return;
    const then = left.map((m, i) => (i === thread ? m - 1 : m));
    sum += deviating(then, thread, deviations + (thread === byDefault ? 0 : 1), bound);
  });
  return sum;
}

async function search(
  n: number,
  k: number,
  bound: number,
  of: Bound['of'] = 'preemption',
): Promise<{ schedules: number; scripts: Set<string> }> {
  const scripts = new Set<string>();
  const found = await exhaust(
    async (script) => {
      scripts.add(JSON.stringify(script));
      const run = await pool.run(program(n, k), {
        scheduler: 'script',
        seed: 1,
        depth: 1,
        points: 0,
        script,
        listChoices: true,
        stopAtFinding: false,
      });
      expect(run.decisions).toEqual(script as Decision[]);
      return run;
    },
    { of, most: bound },
    false,
  );
  expect(found.complete).toBe(true);
  return { schedules: found.schedules, scripts };
}

test.each([
  [2, 1],
  [2, 2],
  [2, 3],
  [3, 1],
])(
  '%i threads, %i accesses each: all of them, each once',
  async (n, k) => {
    const { schedules, scripts } = await search(n, k, Number.POSITIVE_INFINITY);
    expect(schedules).toBe(factorial(n * (k + 1)) / factorial(k + 1) ** n);
    expect(scripts.size).toBe(schedules);
  },
  120_000,
);

test.each([
  [2, 3, 0],
  [2, 3, 1],
  [2, 3, 2],
  [3, 2, 1],
])(
  '%i threads, %i accesses each, %i preemptions at most: as many as counted one by one',
  async (n, k, bound) => {
    const { schedules } = await search(n, k, bound);
    expect(schedules).toBe(
      orders(
        Array.from({ length: n }, () => k + 1),
        -1,
        0,
        bound,
      ),
    );
  },
  120_000,
);

test.each([
  [2, 3, 0],
  [2, 3, 1],
  [2, 3, 2],
  [3, 2, 1],
  [3, 1, 3],
])(
  '%i threads, %i accesses each, %i deviations at most: as many as counted one by one',
  async (n, k, bound) => {
    const { schedules } = await search(n, k, bound, 'deviation');
    const stretches = Array.from({ length: n }, () => k + 1);
    expect(schedules).toBe(deviating(stretches, 0, 0, bound));
  },
  120_000,
);

test('a search that is stopped says so', async () => {
  const choices = [{ cpu: 0, step: 1, byDefault: 0, could: [0, 1], preemption: true, addr: 0, state: 0, logged: 0 }];
  const log = new Int32Array(2);
  let left = 1;
  const found = await exhaust(async () => (left-- > 0 ? { choices, log } : null), { of: 'preemption', most: 9 }, false);
  expect(found).toEqual({ schedules: 1, complete: false });
});
