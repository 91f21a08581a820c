// SPDX-License-Identifier: GPL-2.0-only
/** Schedules are a function of the seed, whatever is run in between; a recording shows again what they found. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Policy } from '../../../src/det/schedulers/index.ts';
import type { Case } from '../../round/case.ts';
import { Pool } from '../../round/pool.ts';
import { assignRoles } from '../../scenarios/roles.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import { minThreads } from '../../scenarios/scenario.ts';
import { SMALL_SCENARIOS } from '../../scenarios/small.ts';
import { runOf } from '../replay.ts';
import { decodeSchedule, encodeSchedule } from '../schedule/string.ts';
import { Explorer, type Tried } from './explore.ts';

const MAX_STEPS = 1500;
const scenario = SMALL_SCENARIOS.find(({ name }) => name === 'buffer_written_after_destroy_small') as Scenario;
const roles = assignRoles(scenario, minThreads(scenario), null);
const patched: Case = { scenario, reverted: [], roles };
let pool: Pool;

beforeAll(() => {
  pool = new Pool(roles.length, 16, true, true);
});
afterAll(async () => {
  await pool.close();
});

const explorer = (scheduler: Policy, explored: Case = patched, maxSteps = MAX_STEPS): Explorer =>
  new Explorer(pool, explored, {
    schedulers: [scheduler],
    depth: 3,
    seed: 7,
    maxSteps,
    memory: 'sc',
    arenaMib: 16,
    selfCheck: 'sampled',
  });

/** What the first schedules are, a line each. */
async function essence(one: Explorer, schedules: number): Promise<string[]> {
  const lines: string[] = [];
  await one.run(({ number, result: { hash, steps, points, switches, bounded } }) => {
    lines.push([number, hash, steps, points, switches, bounded].join(' '));
    return number < schedules;
  });
  return lines;
}

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
