// SPDX-License-Identifier: GPL-2.0-only
/** Rounds on real threads: nothing shows where no fix is reverted. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SCENARIOS } from '../scenarios/index.ts';
import { isKnown } from '../scenarios/known.ts';
import { assignRoles } from '../scenarios/roles.ts';
import { Pool } from './pool.ts';
import { runRound } from './round.ts';

const THREADS = 10;
let pool: Pool;
const never = new AbortController().signal;

beforeAll(() => {
  pool = new Pool(THREADS, 64, true);
});
afterAll(async () => {
  await pool.close();
});

test.each(SCENARIOS.map((s, i) => [s.name, s, i] as const))(
  '%s',
  async (_, scenario, i) => {
    for (let seed = 1; seed <= 3; seed++) {
      const { records, operations } = await runRound(pool, {
        ...{ scenario, seed, stop: never, number: 3 * i + seed },
        ...{ reverted: [], roles: assignRoles(scenario, THREADS, null), perturb: 'light', runMs: 400, watch: () => {} },
      });
      const unknown = records.filter((record) => !isKnown(record, { reverted: [] }, operations));
      expect(unknown.map(({ kind, title, text }) => `${kind}: ${title}: ${text.join('; ')}`)).toEqual([]);
    }
  },
  150_000,
);
