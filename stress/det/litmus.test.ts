// SPDX-License-Identifier: GPL-2.0-only
/** Each memory model shows every outcome that it allows, and no other. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LITMUS_TESTS } from './litmus.test-data.ts';
import { LitmusPool } from './litmus.ts';
import type { Chosen } from './schedule_words.ts';

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

test.each(LITMUS_TESTS)(
  '$name: sc',
  async (litmus) => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= SEEDS; seed++) seen.add((await pool.run(litmus, { ...CHOSEN, seed })).outcome);
    expect([...seen].sort()).toEqual([...litmus.sc].sort());
  },
  60_000,
);
