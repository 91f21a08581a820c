// SPDX-License-Identifier: GPL-2.0-only
/** What is left out of a search shows nothing new: the states at the end are those of all schedules. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Bound } from '../../options/engine.ts';
import type { Litmus, Op } from '../litmus/litmus.test-data.ts';
import { LitmusPool } from '../litmus/litmus.ts';
import { exhaust } from './dfs.ts';

/** A pointer. */
const P = 2;
const WHOLE = { of: 'preemption', most: Number.POSITIVE_INFINITY } as const;
let pool: LitmusPool;
beforeAll(() => {
  pool = new LitmusPool();
});
afterAll(() => pool.close());

const program = (threads: Op[][]): Litmus => ({ name: 'of the test', threads, sc: ['00'], more: {} });

/** How many schedules a search runs, and the states at their ends. */
async function search(threads: Op[][], bound: Bound, reduced: boolean) {
  const states = new Set<string>();
  const how = { seed: 1, depth: 1, points: 0, listChoices: true, watch: true, stopAtFinding: false };
  const { schedules, complete } = await exhaust(
    async (script) => {
      const run = await pool.run(program(threads), { ...how, scheduler: 'script', script });
      states.add(`${run.outcome} ${run.state}`);
      return run;
    },
    bound,
    reduced,
  );
  expect(complete).toBe(true);
  return { schedules, states: [...states].sort() };
}

const writes = (n: number, k: number, variable: (thread: number) => number): Op[][] =>
  Array.from({ length: n }, (_, thread) =>
    Array.from({ length: k }, (): Op => ['store', variable(thread), 1 + thread]),
  );

test('threads that have nothing in common come to one state', async () => {
  const threads = writes(2, 4, (thread) => thread);
  const all = await search(threads, WHOLE, false);
  const reduced = await search(threads, WHOLE, true);
  expect([all.schedules, all.states.length]).toEqual([252, 1]);
  expect(reduced.states).toEqual(all.states);
  expect(reduced.schedules).toBeLessThan(252 / 8);
}, 60_000);

const op = fc.oneof(
  fc.tuple(fc.constant('store' as const), fc.nat(1), fc.integer({ min: 1, max: 2 })),
  fc.tuple(fc.constant('load' as const), fc.nat(1), fc.nat(1)),
  fc.tuple(fc.constant('store16' as const), fc.nat(1), fc.integer({ min: 1, max: 2 })),
  fc.constantFrom<Op>(['mb'], ['publish', P, 1], ['store', P, 0], ['follow', P, 0]),
);
const threadsOf = fc.oneof(
  fc.array(fc.array(op, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 2 }),
  fc.array(fc.array(op, { minLength: 1, maxLength: 2 }), { minLength: 3, maxLength: 3 }),
);
const bound = fc.record({
  of: fc.constantFrom('preemption' as const, 'deviation' as const),
  most: fc.constantFrom(0, 1, 2, 3, Number.POSITIVE_INFINITY),
});

/** Which of two pointers the first thread has seen is not to be told from RAM, but by what it loads next. */
const seenAndGone = (changed: number): Op[][] => [
  [['follow', P, 0]],
  [
    ['publish', P, 0],
    ['publish', P, 1],
    ['store', changed, 2],
  ],
];

test('any small program comes to the same states within the same bound', async () => {
  let [left, run] = [0, 0];
  await fc.assert(
    fc.asyncProperty(threadsOf, bound, async (threads, within) => {
      const all = await search(threads as Op[][], within, false);
      const reduced = await search(threads as Op[][], within, true);
      expect(reduced.states).toEqual(all.states);
      run += reduced.schedules;
      left += all.schedules - reduced.schedules;
    }),
    { seed: 8, numRuns: 120, examples: [0, 1].map((changed): [Op[][], Bound] => [seenAndGone(changed), WHOLE]) },
  );
  expect(left).toBeGreaterThan(run);
}, 120_000);
