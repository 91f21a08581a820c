// SPDX-License-Identifier: GPL-2.0-only
/**
 * Scaling of the stress test: events a second of whole rounds, over threads, contexts and the size of the ring. The
 * load is that of one_ring_for_all_threads, with nothing checked and nothing stalled; it keeps user space's books.
 */
import { Pool } from '../../round/pool.ts';
import type { RoundSpec } from '../../round/round.ts';
import { runRound } from '../../round/round.ts';
import { one_ring_for_all_threads } from '../../scenarios/mixed/one_ring_for_all_threads.ts';
import { assignRoles } from '../../scenarios/roles.ts';
import { type Scenario, workload } from '../../scenarios/scenario.ts';
import { type Contest, contest, type Entrant, type PartMaker, partOf, type Setup } from '../part.ts';
import { threadsText } from './locks.ts';

export const SCALING_TABLE = {
  threads: 'events/s by threads',
  contexts: 'events/s by contexts',
  ring: 'events/s by ring',
};
const THREADS = [1, 2, 4, 8, 16] as const;
const QUICK_THREADS = [1, 16] as const;
const CONTEXTS = [1, 2, 4, 8] as const;
const RINGS = [64, 256, 1024, 4096] as const;
/** Of the loads that are not about threads. */
const WIDTH = 8;
const NR_EVENTS = 1024;
/** The grace-period thread and a kworker. */
const SERVICE = 2;
const ARENA_MIB = 64;
const ROUNDS = 4;
const QUICK_ROUNDS = 1;
/** V8 compiles for some 3 s; the loads that share threads with another one find them warm. */
const WARM_ROUND_MS = 3000;
/** So many windows' lengths for a round, of which starting and ending it takes some. */
const LENGTH = 5;

interface Load {
  readonly threads: number;
  readonly contexts: number;
  readonly ring: number;
}

const scenarioOf = ({ contexts, ring }: Load): Scenario => ({
  ...one_ring_for_all_threads,
  draw: () =>
    workload({
      programs: { submitter: 'submit_and_reap' },
      contexts,
      nrEventsMin: ring,
      nrEventsMax: ring,
      batch: 8,
      inlinePercent: 100,
    }),
});

/** @returns events a second */
async function eventsPerSecond(pool: Pool, load: Load, runMs: number): Promise<number> {
  const scenario = scenarioOf(load);
  const spec: RoundSpec = {
    scenario,
    reverted: [],
    number: 0,
    seed: 1,
    roles: assignRoles(scenario, load.threads + SERVICE, null),
    perturb: 'none',
    runMs,
    stop: new AbortController().signal,
    watch: () => {},
  };
  const { operations, ranMs, whole, records } = await runRound(pool, spec);
  if (!whole || records.length > 0) {
    throw new Error(`a round of ${threadsText(load.threads)} broke: ${records[0]?.title ?? 'it did not end'}`);
  }
  return (1000 * (operations['reaped'] ?? 0)) / ranMs;
}

class Pools {
  private readonly pools = new Map<number, Pool>();

  of(threads: number): Pool {
    const known = this.pools.get(threads);
    if (known !== undefined) return known;
    const pool = new Pool(threads + SERVICE, ARENA_MIB, false);
    this.pools.set(threads, pool);
    return pool;
  }

  async close(): Promise<void> {
    for (const pool of this.pools.values()) await pool.close();
  }
}

export const scaling: PartMaker = (setup, rounds) => {
  const pools = new Pools();
  const entrant = (name: string, load: Load, warmMs = 0): Entrant => ({
    name,
    warmMs,
    measure: async (ms) => ({ values: [await eventsPerSecond(pools.of(load.threads), load, LENGTH * ms)] }),
  });
  const over = (table: string, column: string, entrants: readonly Entrant[]): Contest =>
    contest(
      [
        {
          part: 'scaling',
          table,
          column,
          width: null,
          unit: '/s',
          what: 'events of all threads',
          baseline: entrants[0]?.name ?? null,
          relation: 'speed',
        },
      ],
      entrants,
    );
  const contests = contestsOf(setup, entrant, over);
  const few = Math.min(rounds, setup.quick ? QUICK_ROUNDS : ROUNDS);
  return Promise.resolve(partOf('scaling', { rounds: few, contests, setup }, () => pools.close()));
};

function contestsOf(
  { quick }: Setup,
  entrant: (name: string, load: Load, warmMs?: number) => Entrant,
  over: (table: string, column: string, entrants: readonly Entrant[]) => Contest,
): Contest[] {
  const base = { threads: WIDTH, contexts: 1, ring: NR_EVENTS };
  const threads = (quick ? QUICK_THREADS : THREADS).map((n) =>
    entrant(threadsText(n), { ...base, threads: n }, WARM_ROUND_MS / LENGTH),
  );
  const byThreads = over(SCALING_TABLE.threads, 'one context', threads);
  if (quick) return [byThreads];
  const contexts = CONTEXTS.map((n) => entrant(`${n} context${n === 1 ? '' : 's'}`, { ...base, contexts: n }));
  const rings = RINGS.map((n) => entrant(`${n} events`, { ...base, ring: n }));
  return [
    byThreads,
    over(SCALING_TABLE.contexts, threadsText(WIDTH), contexts),
    over(SCALING_TABLE.ring, threadsText(WIDTH), rings),
  ];
}
