// SPDX-License-Identifier: GPL-2.0-only
/**
 * What a context and a request take of RAM, by the number of possible CPUs: counted in pages, and the same each time.
 */
import type { GroupSpec } from '../bench_result.ts';
import { BenchCpus } from '../cpus.ts';
import { FOOTPRINT_EVENTS } from '../loads/footprint.ts';
import { contest, type Entrant, type PartMaker, partOf } from '../part.ts';

export const MEMORY_TABLE = 'RAM';
const CPUS = [1, 16] as const;

async function footprint(cpus: number): Promise<readonly number[]> {
  const machine = new BenchCpus({ cpus, threads: 1 });
  await machine.boot();
  const [answer] = await machine.window([{ kind: 'footprint' }], 0);
  await machine.close();
  return answer?.figures ?? [];
}

export const footprints: PartMaker = (setup) => {
  const columns = [...FOOTPRINT_EVENTS.map((events) => `context for ${events} events`), 'request in flight'];
  const specs = columns.map(
    (column): GroupSpec => ({
      part: 'memory',
      table: MEMORY_TABLE,
      column,
      width: null,
      unit: 'bytes',
      what: 'the bytes of each',
      baseline: null,
      relation: 'none',
    }),
  );
  const entrants = CPUS.map(
    (cpus): Entrant => ({
      name: `${cpus} possible CPU${cpus === 1 ? '' : 's'}`,
      warmMs: 0,
      measure: async () => ({ values: await footprint(cpus) }),
    }),
  );
  return Promise.resolve(partOf('memory', { rounds: 1, contests: [contest(specs, entrants)], setup }));
};
