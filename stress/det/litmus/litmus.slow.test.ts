// SPDX-License-Identifier: GPL-2.0-only
/** Each memory model shows every outcome that it allows, and no other. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MEMORIES } from '../../../src/det/state.ts';
import type { Chosen } from '../schedule/words.ts';
import { LITMUS_TESTS } from './litmus.test-data.ts';
import { LitmusPool } from './litmus.ts';
import { ORDERING_POINTS } from './ordering_points.test-data.ts';

const TESTS = [...LITMUS_TESTS, ...ORDERING_POINTS];

/** For two threads; more threads have more outcomes, and rarer ones. */
const SEEDS = 300;
const CHOSEN: Omit<Chosen, 'seed'> = {
  scheduler: 'random',
  depth: 1,
  points: 10,
  script: [],
  listChoices: false,
  stopAtFinding: false,
};

let pool: LitmusPool;
beforeAll(() => {
  pool = new LitmusPool();
});
afterAll(() => pool.close());

describe.each(MEMORIES)('%s', (memory) => {
  test.each(TESTS)(
    '$name',
    async (litmus) => {
      const seeds = litmus.threads.length > 2 ? 6 * SEEDS : SEEDS;
      const seen = new Set<string>();
      for (let seed = 1; seed <= seeds; seed++) seen.add((await pool.run(litmus, { ...CHOSEN, memory, seed })).outcome);
      expect([...seen].sort()).toEqual([...litmus.sc, ...(litmus.more[memory] ?? [])].sort());
    },
    120_000,
  );

  test('a recording, followed as a script, gives the same', async () => {
    for (const litmus of TESTS) {
      for (let seed = 1; seed <= 30; seed++) {
        const run = await pool.run(litmus, { ...CHOSEN, memory, seed });
        const again = await pool.run(litmus, {
          ...CHOSEN,
          memory,
          seed: 7,
          scheduler: 'script',
          script: run.decisions,
        });
        expect(again).toEqual(run);
      }
    }
  }, 120_000);
});
