// SPDX-License-Identifier: GPL-2.0-only
/**
 * What the instruments cost: the same loads with nothing, with lock_stat, with lockdep, with both, and with the flight
 * recorder as well, as every round of the stress test has it.
 *
 * Each set has threads of its own. V8 compiles the locks for what it has seen called in them, and outside of this
 * benchmark a thread only ever has one set; a thread that had tried several would pay for calls that it cannot inline.
 * The threads of different sets stand for the same CPUs in turns. A pass measures every set under one load, beginning
 * with another set each time; passes are many and short, because the sets differ by less than the noise of one.
 */
import Table from 'cli-table3';
import type { CpuParams, Machine } from '../../src/init/machine.ts';
import type { AioLoad } from './aio_load.ts';
import type { LockLoad } from './lock_load.ts';
import { median, type Samples, spreadPercent } from './samples.ts';
import { BenchThreads } from './threads.ts';
import type { BenchTask } from './worker.ts';
import type { Yardstick } from './yardstick.ts';

/** The sets of instruments; the first is nothing. */
const SETS = [
  { name: 'off', lockdep: false, lockStat: false, debug: false },
  { name: 'lock_stat', lockdep: false, lockStat: true, debug: false },
  { name: 'lockdep', lockdep: true, lockStat: false, debug: false },
  { name: 'both', lockdep: true, lockStat: true, debug: false },
  { name: 'both, flight recorder', lockdep: true, lockStat: true, debug: true },
] as const;
type SetName = (typeof SETS)[number]['name'];

interface Load {
  readonly name: string;
  readonly threads: number;
  readonly operation: string;
  readonly work: BenchTask['work'];
}
const LOADS: readonly Load[] = [
  { name: 'spin_lock, spin_unlock', threads: 1, operation: 'pair', work: { kind: 'lock', steps: 0 } },
  {
    name: 'submit, complete, reap by 32',
    threads: 1,
    operation: 'event',
    work: { kind: 'aio', sharedContext: false },
  },
  { name: 'aio, one context for all', threads: 2, operation: 'event', work: { kind: 'aio', sharedContext: true } },
];
/** Passes in a round, each with a share of its time. */
const PASSES = 4;
const THREADS = Math.max(...LOADS.map(({ threads }) => threads));

/** What a set costs under a load. */
interface Factor {
  readonly set: SetName;
  /** median over the passes of its time by the time without instruments */
  readonly factor: number;
  readonly spreadPercent: number;
  /** ns per operation, pass by pass */
  readonly samples: readonly number[];
}
export interface Cost {
  readonly name: string;
  readonly threads: number;
  readonly operation: string;
  /** median, ns per operation, without instruments */
  readonly ns: number;
  readonly factors: readonly Factor[];
}

export class InstrumentCost {
  private readonly sets: readonly BenchThreads[];
  /** By load, then by set. */
  private readonly samples: readonly (readonly Samples[])[] = LOADS.map(({ name, threads, operation }) =>
    SETS.map(() => ({ name, threads, operation, here: [], c: [] })),
  );

  constructor(machine: Machine, params: Omit<CpuParams, 'cpu'>, locks: LockLoad, aio: AioLoad) {
    this.sets = SETS.map((set) => new BenchThreads(THREADS, machine, { ...params, ...set }, locks, aio));
  }

  /** PASSES windows for each set and load, together twice as long as `ms`. @param round - below 0 it does not count */
  async measure(yardstick: Yardstick, ms: number, round: number): Promise<void> {
    for (let pass = 0; pass < PASSES * LOADS.length; pass++) {
      const n = pass % LOADS.length;
      const { work } = LOADS[n] as Load;
      for (let i = 0; i < SETS.length; i++) {
        const set = (i + pass) % SETS.length;
        const samples = this.samples[n]?.[set] as Samples;
        const part = { samples, c: null, work };
        await this.sets[set]?.measure(part, yardstick, (2 * ms) / PASSES, round >= 0);
      }
    }
  }

  summarise(): Cost[] {
    return LOADS.map(({ name, threads, operation }, n) => {
      const times = SETS.map((_, set) => this.samples[n]?.[set]?.here ?? []);
      const off = times[0] ?? [];
      const factors = SETS.map(({ name: set }, i) => {
        const samples = times[i] ?? [];
        const ratios = samples.map((ns, pass) => ns / (off[pass] as number));
        return { set, factor: median(ratios), spreadPercent: spreadPercent(ratios), samples };
      });
      return { name, threads, operation, ns: median(off), factors };
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.sets.map((threads) => threads.close()));
  }
}

export function renderCosts(costs: readonly Cost[]): string {
  const sets = SETS.slice(1).map(({ name }) => name);
  const table = new Table({
    head: ['what', 'threads', 'off: ns', 'per', ...sets],
    colAligns: ['left', 'right', 'right', 'left', ...sets.map(() => 'right' as const)],
    style: { head: [], border: [] },
  });
  for (const { name, threads, operation, ns, factors } of costs) {
    const cells = factors.slice(1).map((f) => `${f.factor.toFixed(2)} ±${f.spreadPercent.toFixed(0)} %`);
    table.push([name, threads, ns.toFixed(1), operation, ...cells]);
  }
  return table.toString();
}
