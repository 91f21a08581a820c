// SPDX-License-Identifier: GPL-2.0-only
/**
 * The last waits and timed holds of each CPU, as slices of time for a trace.
 *
 * A ring for each CPU, outside RAM, written plainly by that CPU. A reader leaves out the slot that is written next, so
 * what it reads is whole unless it is itself stopped for as long as the CPU takes to go round.
 */
import { createDoubles, type Doubles } from '../../arch/sab/words.ts';
import { LOCK_CLASS_COUNT, lockClassName } from './classes.ts';

/** Slices that a CPU keeps. A power of two. */
const SLICES = 256;
/** [start, duration, class and kind, -] */
const SLICE_DOUBLES = 4;
/** [slices written so far, -, -, -], then the ring */
const CPU_DOUBLES = 4 + SLICES * SLICE_DOUBLES;

const KINDS = ['wait', 'hold'] as const;
export type SliceKind = (typeof KINDS)[number];
export const WAIT_SLICE = KINDS.indexOf('wait');
export const HOLD_SLICE = KINDS.indexOf('hold');

export const createSlices = (cpus: number): Doubles => createDoubles(cpus * CPU_DOUBLES);

/** @param start - ns since the machine's start @param duration - ns @param kind - WAIT_SLICE or HOLD_SLICE */
export function noteSlice(
  slices: Doubles,
  cpu: number,
  start: number,
  duration: number,
  cls: number,
  kind: number,
): void {
  const base = cpu * CPU_DOUBLES;
  const written = slices[base] as number;
  const at = base + 4 + (written & (SLICES - 1)) * SLICE_DOUBLES;
  slices[at] = start;
  slices[at + 1] = duration;
  slices[at + 2] = cls + kind * LOCK_CLASS_COUNT;
  slices[base] = written + 1;
}

/** A stretch of time in which a CPU waited for a lock, or held it. */
export interface LockSlice {
  /** since the machine's start */
  readonly startUs: number;
  readonly durationUs: number;
  readonly class: string;
  readonly what: SliceKind;
}

/** A CPU's last slices, in the order in which they ended. */
export function readLockSlices({ slices }: { readonly slices: Doubles }, cpu: number): LockSlice[] {
  const base = cpu * CPU_DOUBLES;
  const written = slices[base] as number;
  const read: LockSlice[] = [];
  for (let n = Math.max(0, written - SLICES + 1); n < written; n++) {
    const at = base + 4 + (n & (SLICES - 1)) * SLICE_DOUBLES;
    const code = slices[at + 2] as number;
    read.push({
      startUs: (slices[at] as number) / 1000,
      durationUs: (slices[at + 1] as number) / 1000,
      class: lockClassName(code % LOCK_CLASS_COUNT),
      what: KINDS[Math.floor(code / LOCK_CLASS_COUNT)] ?? 'hold',
    });
  }
  return read;
}

/** Forgets the slices. */
export function clearSlices(slices: Doubles, cpus: number): void {
  for (let cpu = 0; cpu < cpus; cpu++) {
    if (slices[cpu * CPU_DOUBLES] !== 0) slices[cpu * CPU_DOUBLES] = 0;
  }
}
