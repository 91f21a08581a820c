// SPDX-License-Identifier: GPL-2.0-only
/**
 * A part of the benchmark: some groups, and how one round of them is measured.
 *
 * Whatever is compared is measured in the same round, one contestant after the other, beginning with another one each
 * time, so that all of them meet the same neighbours.
 */
import type { EngineMutex } from '../../src/arch/sab/engine_mutex.ts';
import type { Group, GroupSpec, PartName } from './bench_result.ts';
import type { BenchCpus } from './cpus.ts';
import { watchOthers } from './foreign.ts';
import { Collector } from './samples.ts';
import type { CRun, Yardstick } from './yardstick.ts';

/** Most CPUs of a load on the machine that parts share. */
export const MACHINE_CPUS = 16;

/** What all parts have in common. */
export interface Setup {
  readonly yardstick: Yardstick;
  /** null if the engine has none */
  readonly engine: EngineMutex | null;
  /** length of a window */
  readonly ms: number;
  /** Whether less is to be measured: fewer widths, fewer rounds of what takes long. */
  readonly quick: boolean;
  /** A machine of MACHINE_CPUS CPUs without instruments, which the parts that need no other one share. */
  readonly machine: () => Promise<BenchCpus>;
  /** Whether the benchmark is interrupted: nothing more is to be measured. */
  readonly stopped: () => boolean;
  /** Is told of each window that counts: CPUs that others had, null where that is not known. */
  readonly window: (foreign: number | null) => void;
}

/**
 * Of a window in which V8 compiles the path of an event. That takes it some tenths of a second in all, and seconds
 * where the load leaves its compiler no core: hence untilSteady().
 */
export const warmMsOf = ({ quick, ms }: Pick<Setup, 'quick' | 'ms'>): number => Math.min(quick ? 60 : 100, 5 * ms);

/** What a contestant's window gives: a figure for each of its groups. */
export interface Reading {
  readonly values: readonly number[];
  /** CPU time of other processes that we started for it */
  readonly childrenMs?: number;
}

export interface Entrant {
  readonly name: string;
  /** Why it is not measured, a clause; null if it is. */
  readonly absent?: string | null;
  /** Whether it is this project's; if nothing is said it is. */
  readonly ours?: boolean;
  /** Length of its windows in the rounds that do not count; 0 where V8 has nothing to compile, or not for long. */
  readonly warmMs?: number;
  /** The last of those rounds goes on until so many windows in a row have brought nothing, if it is said. */
  readonly untilSteady?: number;
  /** A window, or why there was nothing to measure this time. */
  readonly measure: (ms: number) => Promise<Reading | { readonly skip: string }>;
}

/** Groups that the same windows give figures for, and the entrants whose windows those are. */
export interface Contest {
  readonly collectors: readonly Collector[];
  readonly entrants: readonly Entrant[];
}

/** @param specs - a group for each value of a reading */
export function contest(specs: readonly GroupSpec[], entrants: readonly Entrant[]): Contest {
  const contestants = entrants.map(({ name, ours = true, absent = null }) => ({ name, ours, absent }));
  return { collectors: specs.map((spec) => new Collector(spec, contestants)), entrants };
}

/** What is faster by less brings nothing. */
const GAIN = 0.97;
const WARM_WINDOW_MS = 100;
const WARM_WINDOWS_MAX = { full: 40, quick: 24 };

/** Repeats an entrant's windows until they do not get shorter any more. */
async function untilSteady({ measure }: Entrant, enough: number, { quick, stopped }: Setup): Promise<void> {
  let best = Number.POSITIVE_INFINITY;
  let left = quick ? WARM_WINDOWS_MAX.quick : WARM_WINDOWS_MAX.full;
  for (let idle = 0; idle < enough && left > 0 && !stopped(); idle++, left--) {
    const reading = await measure(WARM_WINDOW_MS);
    const [ns = best] = 'skip' in reading ? [] : reading.values;
    if (ns < GAIN * best) idle = -1;
    best = Math.min(best, ns);
  }
}

/** Measures each entrant once. @param round - below 0 it does not count */
export async function runContest({ collectors, entrants }: Contest, round: number, setup: Setup): Promise<void> {
  const msOf = ({ warmMs = setup.ms }: Entrant): number => (round < 0 ? warmMs : setup.ms);
  const present = entrants.filter((entrant) => (entrant.absent ?? null) === null && msOf(entrant) > 0);
  for (let i = 0; i < present.length; i++) {
    if (setup.stopped()) return;
    const entrant = present[(i + Math.max(0, round)) % present.length] as Entrant;
    if (round === -1 && entrant.untilSteady !== undefined) {
      await untilSteady(entrant, entrant.untilSteady, setup);
      continue;
    }
    const othersSince = watchOthers();
    const reading = await entrant.measure(msOf(entrant));
    if (round < 0 || setup.stopped()) continue;
    if ('skip' in reading) {
      for (const collector of collectors) collector.miss(entrant.name, reading.skip);
      continue;
    }
    const { values, childrenMs = 0 } = reading;
    // A time per operation, of none.
    if (!values.every(Number.isFinite)) {
      for (const collector of collectors) collector.miss(entrant.name, 'its threads did not run in that window');
      continue;
    }
    const foreign = othersSince(childrenMs);
    setup.window(foreign);
    collectors.forEach((collector, k) => {
      const value = values[k];
      if (value !== undefined) collector.add(entrant.name, { round, value, foreign });
    });
  }
}

/** A program in C as an entrant. */
export const cEntrant = (name: string, yardstick: Yardstick, run: CRun, absent = yardstick.absent): Entrant => ({
  name,
  ours: false,
  absent,
  warmMs: 0,
  measure: async (ms) => {
    const reading = await yardstick.measure(run, ms);
    return 'skip' in reading ? reading : { values: [reading.ns], childrenMs: reading.cpuMs };
  },
});

export interface Part {
  readonly name: PartName;
  /** Rounds that it has, of those that are asked for. */
  readonly rounds: number;
  /** One round; below 0 V8 compiles, and nothing counts. */
  measure(round: number): Promise<void>;
  /** What has been measured so far. */
  groups(): Group[];
  close(): Promise<void>;
}

/** Starts a part: its threads run, and wait. @param rounds - that are asked for */
export type PartMaker = (setup: Setup, rounds: number) => Promise<Part>;

/** A part made of contests. */
export const partOf = (
  name: PartName,
  {
    rounds,
    contests,
    setup,
  }: { readonly rounds: number; readonly contests: readonly Contest[]; readonly setup: Setup },
  close: () => Promise<void> = () => Promise.resolve(),
): Part => ({
  name,
  rounds,
  close,
  async measure(round) {
    for (const one of contests) await runContest(one, round, setup);
  },
  groups: () => contests.flatMap(({ collectors }) => collectors.map((collector) => collector.finish())),
});
