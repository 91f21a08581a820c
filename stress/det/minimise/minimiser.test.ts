// SPDX-License-Identifier: GPL-2.0-only
/** From a noisy schedule the least that a known bug needs, and the same each time. */
import { describe, expect, test } from 'vitest';
import { engineOf, LOST_UPDATE, noisySchedule, SEEN_HALFWAY, type Toy } from '../search/toy_machine.test-data.ts';
import { type Budget, type Minimised, minimiseOn } from './minimiser.ts';

const ENOUGH: Budget = { ms: 1e6, schedules: 100_000 };
const SEEDS = [1, 100, 200, 300, 400, 500, 600, 700, 800, 900];

const cutDown = (toy: Toy, seed: number, budget = ENOUGH): Promise<Minimised> =>
  minimiseOn(engineOf(toy), noisySchedule(toy, seed), budget);

describe.each([
  ['one preemption', LOST_UPDATE, 1],
  ['two preemptions', SEEN_HALFWAY, 2],
] as const)('a bug that needs %s', (_what, toy, least) => {
  test.each(SEEDS)('is cut down to just that from seed %i', async (seed) => {
    const { before, after, whole, confirmed } = await cutDown(toy, seed);
    expect(before.preemptions).toBeGreaterThan(least);
    expect([after.preemptions, after.decisions]).toEqual([least, least]);
    expect([whole, confirmed]).toEqual([true, true]);
  });

  test('gives the same answer twice', async () => {
    expect(await cutDown(toy, 1)).toEqual(await cutDown(toy, 1));
  });

  test('needs no other thread than those that meet', async () => {
    const { schedule, after } = await cutDown(toy, 1);
    expect(schedule.roles).toHaveLength(toy.threads.length);
    expect(after.threads).toBe(1);
  });
});

test('what is left when the budget is used up shows the bug, and says so', async () => {
  const { schedule, before, after, whole, confirmed } = await cutDown(SEEN_HALFWAY, 1, { ms: 1e6, schedules: 6 });
  expect([whole, confirmed]).toEqual([false, true]);
  expect(after.decisions).toBeLessThanOrEqual(before.decisions);
  expect((await engineOf(SEEN_HALFWAY).run(schedule)).records).toHaveLength(1);
});

test('an interrupt uses up the budget', async () => {
  const { before, after, schedules, whole } = await cutDown(SEEN_HALFWAY, 1, { ...ENOUGH, stop: AbortSignal.abort() });
  expect([after.decisions, whole]).toEqual([before.decisions, false]);
  expect(schedules).toBeLessThan(8);
});

test('a schedule that shows nothing is refused', async () => {
  const nothing = { ...noisySchedule(LOST_UPDATE, 1), decisions: [] };
  await expect(minimiseOn(engineOf(LOST_UPDATE), nothing, ENOUGH)).rejects.toThrow('shows nothing');
});
