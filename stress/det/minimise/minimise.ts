// SPDX-License-Identifier: GPL-2.0-only
/** Cuts a schedule of the machine down. How, the Minimiser knows, which needs no machine. */
import { Prng } from '../../../src/arch/sab/prng.ts';
import type { Pool } from '../../round/pool.ts';
import { runOf, scenarioOf } from '../replay.ts';
import type { Schedule } from '../schedule/schedule.ts';
import { listedChoices } from '../schedule/words.ts';
import { type Budget, type Engine, type Minimised, minimiseOn } from './minimiser.ts';

/**
 * Cuts a schedule down to what its first finding needs.
 *
 * @param pool - as of poolOf(); what it knows of who shares what is as before when this returns
 * @throws if the schedule shows nothing
 */
export async function minimise(pool: Pool, schedule: Schedule, budget: Budget): Promise<Minimised> {
  const { det } = pool;
  if (det === null) throw new Error('schedules need a pool whose threads run one at a time');
  const before = { known: det.known.slice(), learned: det.learned.slice() };
  const engine: Engine = {
    run: (candidate) => runOf(pool, candidate),
    choices: async (candidate) => {
      await runOf(pool, candidate, { how: { listChoices: true } });
      return listedChoices(det);
    },
    turns: (candidate) => scenarioOf(candidate).draw(new Prng(candidate.seed)).turns,
  };
  try {
    // Which steps are choices must be a function of the schedule alone.
    det.learned.fill(0);
    await runOf(pool, schedule);
    det.known.set(det.learned);
    return await minimiseOn(engine, schedule, budget);
  } finally {
    det.known.set(before.known);
    det.learned.set(before.learned);
  }
}
