// SPDX-License-Identifier: GPL-2.0-only
/** How long it takes until a pool of threads has loaded the kernel, booted a machine and joined it. */
import { wall_clock } from '../../../src/arch/sab/clock.ts';
import { BenchCpus } from '../cpus.ts';
import { contest, type Entrant, type PartMaker, partOf } from '../part.ts';
import { threadsText } from './locks.ts';

export const STARTUP_TABLE = 'start of a pool';
const WIDTHS = [1, 2, 4, 8, 16] as const;
const QUICK_WIDTHS = [1, 16] as const;
const ROUNDS = 3;
const QUICK_ROUNDS = 1;

async function start(cpus: number): Promise<number> {
  const began = wall_clock();
  const machine = new BenchCpus({ cpus });
  await machine.boot();
  const ns = wall_clock() - began;
  await machine.close();
  return ns;
}

export const startup: PartMaker = (setup, rounds) => {
  const widths = setup.quick ? QUICK_WIDTHS : WIDTHS;
  const entrants = widths.map(
    (cpus): Entrant => ({
      name: threadsText(cpus),
      warmMs: 0,
      measure: async () => ({ values: [await start(cpus)] }),
    }),
  );
  const one = contest(
    [
      {
        part: 'startup',
        table: STARTUP_TABLE,
        column: 'until all have joined',
        width: null,
        unit: 'ns',
        what: 'the time of a start',
        baseline: threadsText(widths[0]),
        relation: 'cost',
      },
    ],
    entrants,
  );
  const few = Math.min(rounds, setup.quick ? QUICK_ROUNDS : ROUNDS);
  return Promise.resolve(partOf('startup', { rounds: few, contests: [one], setup }));
};
