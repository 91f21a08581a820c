// SPDX-License-Identifier: GPL-2.0-only
/**
 * lock_stat: what each lock class cost, counted per CPU outside RAM.
 *
 * Waiting is timed on the contended path only. Holding is timed for one acquisition in HOLD_SAMPLE of a class and CPU,
 * because two readings of the clock cost more than the lock; the total is scaled up from the samples.
 * A bounce is an acquisition, or a contention, of a lock whose last owner was another CPU.
 *
 * @linux kernel/locking/lockdep.c lock_acquired(), Documentation/locking/lockstat.txt v3.17
 */
import { createDoubles, type Doubles } from '../../arch/sab/words.ts';
import { LOCK_CLASS_COUNT, lockClassName } from './classes.ts';

/** One acquisition in so many has its hold time taken. A power of two. */
export const HOLD_SAMPLE = 16;

// Columns of a class in one CPU's table; times in ns.
export const ACQUISITIONS = 0;
export const CONTENTIONS = 1;
export const ACQ_BOUNCES = 2;
export const CON_BOUNCES = 3;
export const WAIT_MIN = 4;
export const WAIT_MAX = 5;
export const WAIT_TOTAL = 6;
export const HOLD_SAMPLES = 7;
export const HOLD_MIN = 8;
export const HOLD_MAX = 9;
export const HOLD_TOTAL = 10;
const COLUMNS = 16;
const CPU_DOUBLES = LOCK_CLASS_COUNT * COLUMNS;

export const createLockStat = (cpus: number): Doubles => createDoubles(cpus * CPU_DOUBLES);

/** Index of a class's first column in the table of a CPU. */
export const lockStatRow = (cpu: number, cls: number): number => cpu * CPU_DOUBLES + cls * COLUMNS;

/** Adds a time to a minimum, a maximum and a total that stand in a row. */
export function addTime(stat: Doubles, min: number, ns: number): void {
  const seen = stat[min] as number;
  if (seen === 0 || ns < seen) stat[min] = ns;
  if (ns > (stat[min + 1] as number)) stat[min + 1] = ns;
  stat[min + 2] = (stat[min + 2] as number) + ns;
}

/** One lock class, summed over CPUs. Times in ns; a minimum is 0 where nothing was timed. */
export interface LockStat {
  readonly class: string;
  readonly conBounces: number;
  readonly contentions: number;
  readonly waittimeMin: number;
  readonly waittimeMax: number;
  readonly waittimeTotal: number;
  readonly waittimeAvg: number;
  readonly acqBounces: number;
  readonly acquisitions: number;
  readonly holdtimeMin: number;
  readonly holdtimeMax: number;
  /** Scaled up from the sampled acquisitions. */
  readonly holdtimeTotal: number;
  readonly holdtimeAvg: number;
  /** Acquisitions whose hold time was taken. */
  readonly holdSamples: number;
}

/** The classes that were used, summed over CPUs, most contended first. */
export function readLockStat(stat: Doubles): LockStat[] {
  const cpus = stat.length / CPU_DOUBLES;
  const rows: LockStat[] = [];
  for (let cls = 0; cls < LOCK_CLASS_COUNT; cls++) {
    const cell = (cpu: number, column: number): number => stat[lockStatRow(cpu, cls) + column] as number;
    const each = (column: number): number[] => Array.from({ length: cpus }, (_, cpu) => cell(cpu, column));
    const sum = (column: number): number => each(column).reduce((a, b) => a + b, 0);
    const max = (column: number): number => each(column).reduce((a, b) => Math.max(a, b), 0);
    const min = (column: number): number => {
      const seen = each(column).filter((ns) => ns > 0);
      return seen.length === 0 ? 0 : Math.min(...seen);
    };
    const acquisitions = sum(ACQUISITIONS);
    if (acquisitions === 0) continue;
    const contentions = sum(CONTENTIONS);
    const holdSamples = sum(HOLD_SAMPLES);
    const holdtimeAvg = holdSamples === 0 ? 0 : sum(HOLD_TOTAL) / holdSamples;
    rows.push({
      class: lockClassName(cls),
      conBounces: sum(CON_BOUNCES),
      contentions,
      waittimeMin: min(WAIT_MIN),
      waittimeMax: max(WAIT_MAX),
      waittimeTotal: sum(WAIT_TOTAL),
      waittimeAvg: contentions === 0 ? 0 : sum(WAIT_TOTAL) / contentions,
      acqBounces: sum(ACQ_BOUNCES),
      acquisitions,
      holdtimeMin: min(HOLD_MIN),
      holdtimeMax: max(HOLD_MAX),
      holdtimeTotal: holdtimeAvg * acquisitions,
      holdtimeAvg,
      holdSamples,
    });
  }
  return rows.sort((a, b) => b.contentions - a.contentions || b.acquisitions - a.acquisitions);
}
