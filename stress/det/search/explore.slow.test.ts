// SPDX-License-Identifier: GPL-2.0-only
/** A hundred schedules of each scheduler are a function of the seed. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { POLICIES } from '../../../src/det/schedulers/index.ts';
import type { Pool } from '../../round/pool.ts';
import { essence, makeExplorer, makePool } from './explore.test-data.ts';

let pool: Pool;

beforeAll(() => {
  pool = makePool();
});
afterAll(async () => {
  await pool.close();
});

test.each(POLICIES)(
  '%s: 100 seeds give the same twice',
  async (scheduler) => {
    const first = await essence(makeExplorer(pool, scheduler), 100);
    expect(await essence(makeExplorer(pool, scheduler), 100)).toEqual(first);
    expect(new Set(first.map((line) => line.split(' ')[1])).size).toBeGreaterThan(20);
  },
  240_000,
);
