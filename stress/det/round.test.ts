// SPDX-License-Identifier: GPL-2.0-only
/** A schedule is a function of its seed, and what was recorded of it gives the same again. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { POLICIES } from '../../src/det/schedulers/index.ts';
import { Pool } from '../round/pool.ts';
import { SCENARIOS } from '../scenarios/index.ts';
import { assignRoles } from '../scenarios/roles.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { type DetResult, runSchedule } from './round.ts';
import type { Chosen, Decision } from './schedule/words.ts';

const THREADS = 6;
const scenario = SCENARIOS.find(({ name }) => name === 'head_lost_in_page_migration') as Scenario;
const never = new AbortController().signal;
let pool: Pool;
let number = 0;

beforeAll(() => {
  pool = new Pool(THREADS, 16, true, true);
});
afterAll(async () => {
  await pool.close();
});

const schedule = (how: Partial<Chosen>): Promise<DetResult> =>
  runSchedule(pool, {
    scenario,
    reverted: [],
    number: number++,
    seed: 1,
    roles: assignRoles(scenario, THREADS, null),
    perturb: 'none',
    runMs: 0,
    stop: never,
    watch: () => {},
    maxSteps: 4000,
    how: {
      scheduler: 'script',
      seed: 1,
      depth: 3,
      points: 2000,
      script: [],
      listChoices: false,
      stopAtFinding: true,
      ...how,
    },
  });

/** What two runs of a schedule have in common. */
const essence = ({ steps, switches, hash, decisions, records }: DetResult): object => ({
  steps,
  switches,
  hash,
  decisions,
  records,
});

/** Learns who shares what, so that the schedulers have points to choose at. */
async function learn(): Promise<void> {
  await schedule({ scheduler: 'random', seed: 99 });
  pool.det?.known.set(pool.det.learned);
}

test.each(POLICIES)(
  '%s: a seed gives one schedule, and seeds give many',
  async (scheduler) => {
    await learn();
    const hashes = new Set<number>();
    for (let seed = 1; seed <= 10; seed++) {
      const first = await schedule({ scheduler, seed });
      expect(essence(await schedule({ scheduler, seed }))).toEqual(essence(first));
      expect(first.records.map(({ kind, title }) => `${kind}: ${title}`)).toEqual([]);
      hashes.add(first.hash);
    }
    expect(hashes.size).toBe(10);
  },
  120_000,
);

test.each(POLICIES)(
  '%s: its recording, followed as a script, is the same schedule',
  async (scheduler) => {
    await learn();
    const found = await schedule({ scheduler, seed: 3 });
    expect(found.decisions.length).toBeGreaterThan(0);
    const again = await schedule({ scheduler: 'script', script: found.decisions });
    expect(essence(again)).toEqual(essence(found));
  },
  120_000,
);

test('the default schedule deviates nowhere, and a script of what cannot be is the default schedule', async () => {
  const plain = await schedule({});
  expect(plain.decisions).toEqual([]);
  const impossible: Decision[] = [{ cpu: 2, step: 10 ** 6, to: 3 }];
  expect((await schedule({ script: impossible })).hash).toBe(plain.hash);
}, 60_000);
