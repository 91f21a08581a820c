// SPDX-License-Identifier: GPL-2.0-only
/** Schedules are a function of the seed, whatever is run in between; a recording shows again what they found. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Policy } from '../../../src/det/schedulers/index.ts';
import type { Pool } from '../../round/pool.ts';
import { runOf } from '../replay.ts';
import { decodeSchedule, encodeSchedule } from '../schedule/string.ts';
import { essence, MAX_STEPS, makeExplorer, makePool, patched, roles, scenario } from './explore.test-data.ts';
import type { Explorer, Tried } from './explore.ts';

let pool: Pool;

beforeAll(() => {
  pool = makePool();
});
afterAll(async () => {
  await pool.close();
});

const explorer = (scheduler: Policy, explored = patched, maxSteps?: number): Explorer =>
  makeExplorer(pool, scheduler, explored, maxSteps);

test('schedules do not depend on what is run between them', async () => {
  const whole = await essence(explorer('random'), 12);
  const parted = explorer('random');
  const lines = await essence(parted, 5);
  await essence(explorer('pos', { ...patched, reverted: scenario.fixedBy }), 3);
  expect([...lines, ...(await essence(parted, 12))]).toEqual(whole);
}, 120_000);

test('what is found is found again from its word, 20 times alike', async () => {
  const one = explorer('random', { ...patched, reverted: scenario.fixedBy }, 50_000);
  let found: Tried | null = null;
  await one.run((tried) => {
    if (tried.result.records.length > 0) found = tried;
    return found === null && tried.number < 200;
  });
  const tried = found as unknown as Tried;
  expect(tried).not.toBeNull();
  const schedule = decodeSchedule(encodeSchedule(one.schedule(tried)));
  pool.det?.known.fill(0);
  for (let i = 0; i < 20; i++) {
    const again = await runOf(pool, schedule);
    expect(again.hash).toBe(tried.result.hash);
    expect(again.records).toEqual(tried.result.records);
  }
}, 120_000);

test('counts what it runs, and says what pct promises', async () => {
  const one = explorer('pct');
  expect(one.pctBound).toBeNull();
  await one.run(({ number }) => number < 8);
  const { schedules, different, bounded, steps, points } = one.statistics;
  expect(schedules).toBe(8);
  expect(different).toBeLessThanOrEqual(8);
  expect(bounded).toBe(8);
  expect(steps.sum).toBeGreaterThanOrEqual(8 * MAX_STEPS);
  expect(one.pctBound).toBeCloseTo(1 / (roles.length * points.max ** 2), 20);
}, 60_000);
