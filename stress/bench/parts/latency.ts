// SPDX-License-Identifier: GPL-2.0-only
/**
 * How long a grace period and io_destroy() take on machines with more and more CPUs, of which one asks, one is the
 * grace-period thread, one a kworker, and all others submit and reap for all they are worth.
 */
import type { GroupSpec } from '../bench_result.ts';
import { BenchCpus } from '../cpus.ts';
import { LATENCIES } from '../loads/latency.ts';
import { contest, type Entrant, type PartMaker, partOf } from '../part.ts';
import type { Work } from '../work.ts';

export const LATENCY_COLUMNS = ['median', 'nine of ten'] as const;
const CPUS = [3, 4, 8, 16] as const;
const QUICK_CPUS = [3, 16] as const;
const ROUNDS = 3;
const QUICK_ROUNDS = 2;
/** So many windows' lengths, since others take turns meanwhile. */
const LENGTH = 5;

const works = (cpus: number): Work[] => [
  { kind: 'latency' },
  { kind: 'serve', daemon: 'rcu' },
  { kind: 'serve', daemon: 'kworker' },
  ...Array.from({ length: cpus - 3 }, (): Work => ({ kind: 'busy' })),
];
const cpusText = (cpus: number): string => `${cpus} CPUs`;

export const latency: PartMaker = async (setup, rounds) => {
  const counts = setup.quick ? QUICK_CPUS : CPUS;
  const machines = counts.map((cpus) => new BenchCpus({ cpus }));
  await Promise.all(machines.map((machine) => machine.boot()));
  const specs = LATENCIES.flatMap((table) =>
    LATENCY_COLUMNS.map(
      (column): GroupSpec => ({
        part: 'latency',
        table,
        column,
        width: null,
        unit: 'ns',
        what: 'the time of a call',
        baseline: cpusText(counts[0]),
        relation: 'cost',
      }),
    ),
  );
  const entrants = machines.map(
    (machine): Entrant => ({
      name: cpusText(machine.count),
      warmMs: 0,
      measure: async (ms) => {
        const [asked] = await machine.window(works(machine.count), LENGTH * ms);
        return { values: asked?.figures ?? [] };
      },
    }),
  );
  const few = Math.min(rounds, setup.quick ? QUICK_ROUNDS : ROUNDS);
  return partOf('latency', { rounds: few, contests: [contest(specs, entrants)], setup }, async () => {
    await Promise.all(machines.map((machine) => machine.close()));
  });
};
