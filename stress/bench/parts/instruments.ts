// SPDX-License-Identifier: GPL-2.0-only
/**
 * What instruments cost: the same loads with nothing, with each instrument alone, and with all of them.
 *
 * Each set has a machine and threads of its own: V8 compiles the locks and the accesses for what it has seen called in
 * them, and outside of this benchmark a thread only ever has one set. The hook is compiled in everywhere; what it costs
 * while it is off cannot be told from nothing, since there is no build without it. `a hook` is one that does nothing,
 * on every access.
 */
import { BenchCpus } from '../cpus.ts';
import { BATCH_MAX } from '../loads/aio.ts';
import { type Contest, contest, type Entrant, type PartMaker, partOf, warmMsOf } from '../part.ts';
import type { Instruments, Work } from '../work.ts';
import { nsPerOperation } from './port.ts';

export const INSTRUMENT_TABLE = 'with one, or all';
const OFF = 'nothing';
const SETS: readonly (Partial<Instruments> & { readonly name: string })[] = [
  { name: OFF },
  { name: 'a hook', emptyHook: true },
  { name: 'lock_stat', lockStat: true },
  { name: 'lockdep', lockdep: true },
  { name: 'flight recorder', trace: true },
  { name: 'KASAN', sanitize: true },
  { name: 'all', lockStat: true, lockdep: true, trace: true, sanitize: true },
];

interface Load {
  readonly column: string;
  readonly threads: number;
  readonly work: Work;
}
const LOADS: readonly Load[] = [
  {
    column: 'spin_lock, spin_unlock',
    threads: 1,
    work: { kind: 'micro', micro: { load: 'lock', lock: 'spin_lock', steps: 0 } },
  },
  {
    column: `events by ${BATCH_MAX}`,
    threads: 1,
    work: { kind: 'micro', micro: { load: 'aio', batch: BATCH_MAX, of: 'empty' } },
  },
  {
    column: 'events, one context, 2 threads',
    threads: 2,
    work: { kind: 'aio', sharedContext: true, batch: BATCH_MAX },
  },
];
const CPUS = Math.max(...LOADS.map(({ threads }) => threads));

function costContest(load: Load, machines: readonly BenchCpus[], warmMs: number): Contest {
  const { column, threads, work } = load;
  const entrants = SETS.map(
    ({ name }, i): Entrant => ({
      name,
      warmMs,
      untilSteady: 5,
      measure: async (ms) => {
        const answers = await (machines[i] as BenchCpus).window(new Array(threads).fill(work), ms);
        return { values: [nsPerOperation(answers)] };
      },
    }),
  );
  return contest(
    [
      {
        part: 'instruments',
        table: INSTRUMENT_TABLE,
        column,
        width: threads,
        unit: 'ns',
        what: 'the time of a lock and unlock, or of an event',
        baseline: OFF,
        relation: 'cost',
      },
    ],
    entrants,
  );
}

export const instruments: PartMaker = async (setup, rounds) => {
  const machines = SETS.map(({ name: _, ...set }) => new BenchCpus({ cpus: CPUS, instruments: set }));
  await Promise.all(machines.map((cpus) => cpus.boot()));
  const contests = LOADS.map((load) => costContest(load, machines, warmMsOf(setup)));
  return partOf('instruments', { rounds, contests, setup }, async () => {
    await Promise.all(machines.map((cpus) => cpus.close()));
  });
};
