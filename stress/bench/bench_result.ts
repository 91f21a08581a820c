// SPDX-License-Identifier: GPL-2.0-only
/**
 * What a benchmark gives, and bench.json: groups of contestants that were measured in the same rounds.
 *
 * A group is a column of a table, its contestants are the rows. What counts is the ratio of a contestant to the group's
 * baseline, round by round: on a machine that others use, times of different rounds have nothing to do with each other.
 */
import type { FigureComparison } from '../compare/verdict.ts';
import type { Environment } from '../result/run_result.ts';

/** Of bench.json; another number is another meaning of some field. */
export const BENCH_SCHEMA_VERSION = 1;

/** What can be measured, in the order in which it is shown. */
export const PARTS = [
  'locks',
  'fairness',
  'port',
  'instruments',
  'scaling',
  'latency',
  'startup',
  'memory',
  'schedules',
] as const;
export type PartName = (typeof PARTS)[number];

/** `share`: of what would be fair, 1 is just that. */
export type Unit = 'ns' | '/s' | 'share' | 'bytes';

/**
 * What a ratio to the baseline means: `speed`, how many times as fast as the baseline; `cost`, how many times as much.
 * `none`: there is no baseline.
 */
export type Relation = 'speed' | 'cost' | 'none';

/** A window. */
export interface Sample {
  /** from 0; contestants of a group are paired by it */
  readonly round: number;
  /** in the group's unit */
  readonly value: number;
  /** CPUs that others kept busy meanwhile; null where that is not known */
  readonly foreign: number | null;
}

/** Half the distance between the quartiles, in percent of the median, stands beside each median. */
export interface Contestant {
  readonly name: string;
  /** Whether it is this project's, and not something to compare with. */
  readonly ours: boolean;
  /** Why it was not measured, a clause; null if it was. */
  readonly absent: string | null;
  /** Median of the samples that count, in the group's unit; null if there are none. */
  readonly value: number | null;
  readonly spreadPercent: number | null;
  /** Median over the rounds of its ratio to the baseline; null without one. */
  readonly ratio: number | null;
  readonly ratioSpreadPercent: number | null;
  /** Rounds in which others kept more than NOISY_CPUS busy. */
  readonly noisyRounds: number;
  /** Whether the noisy rounds count nevertheless, because too few others are left. */
  readonly doubtful: boolean;
  readonly samples: readonly Sample[];
}

/** What is known of a group before it is measured. */
export interface GroupSpec {
  readonly part: PartName;
  /** Of the table, such as `lock, 50 ns, unlock`. */
  readonly table: string;
  /** Of the column, such as `16 threads`. */
  readonly column: string;
  /** Kernel threads, worker threads, CPUs: whatever the column is about; null where there is no such number. */
  readonly width: number | null;
  readonly unit: Unit;
  /** What is measured: `the time of an event`. */
  readonly what: string;
  /** Name of the contestant that the others are compared with. */
  readonly baseline: string | null;
  readonly relation: Relation;
}

export interface Group extends GroupSpec {
  readonly contestants: readonly Contestant[];
}

/** A contestant: table, column, name. */
export type Place = readonly [table: string, column: string, name: string];

export interface Target {
  readonly id: string;
  /** What is how many times as fast as what. */
  readonly what: string;
  readonly floor: number;
  readonly target: number;
  readonly moonshot: number;
  readonly here: Place;
  readonly against: Place;
}

export const STATUSES = ['moonshot', 'met', 'missed', 'below the floor', 'not measured'] as const;
export type Status = (typeof STATUSES)[number];

export interface TargetRow extends Pick<Target, 'id' | 'what' | 'floor' | 'target' | 'moonshot'> {
  /** Median over the rounds; null if it was not measured. */
  readonly ratio: number | null;
  readonly spreadPercent: number | null;
  /** Whether noisy rounds count, because too few others are left. */
  readonly doubtful: boolean;
  readonly status: Status;
}

export interface BenchComparison {
  /** Of the earlier one. */
  readonly startedAt: string;
  readonly minEffect: number;
  readonly alpha: number;
  /** In what the two differ by intent or by machine. */
  readonly differing: readonly { readonly name: string; readonly a: string; readonly b: string }[];
  /** A is the earlier one. Ratios to the baseline; `ratio` is B's by A's. */
  readonly figures: readonly FigureComparison[];
  readonly bytes: readonly { readonly name: string; readonly a: number; readonly b: number }[];
  /** Names of what moved, biggest ratio first. */
  readonly moved: readonly string[];
  readonly conclusion: string;
}

export interface Bench {
  readonly schemaVersion: number;
  /** ISO 8601, UTC */
  readonly startedAt: string;
  readonly seconds: number;
  readonly interrupted: boolean;
  /** What broke, so that the rest was not measured; null if nothing did. */
  readonly failure: string | null;
  /** Arguments that run it again. */
  readonly again: string;
  readonly environment: Environment;
  readonly parts: readonly PartName[];
  readonly rounds: number;
  /** length of a window */
  readonly windowMs: number;
  readonly foreign: {
    /** CPUs that others kept busy, over all windows; null where that is not known */
    readonly median: number | null;
    readonly p90: number | null;
    /** A window counts as noisy above it. */
    readonly limit: number;
    readonly windows: number;
    readonly noisyWindows: number;
  };
  readonly groups: readonly Group[];
  readonly targets: readonly TargetRow[];
  /** With an earlier one; null if none was asked for. */
  readonly comparison: BenchComparison | null;
}

export const contestantOf = (group: Group | undefined, name: string): Contestant | undefined =>
  group?.contestants.find((one) => one.name === name);

export const groupOf = (groups: readonly Group[], table: string, column: string): Group | undefined =>
  groups.find((group) => group.table === table && group.column === column);
