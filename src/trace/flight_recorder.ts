// SPDX-License-Identifier: GPL-2.0-only
/**
 * The flight recorder: each CPU's last steps, in a ring of its own outside RAM.
 *
 * Written plainly by its CPU, read by whoever reports a finding; a reader may see the newest entry half
 * written, which costs one odd line in a report and nothing on the path of an event.
 */
import { sched_clock } from '../arch/sab/clock.ts';
import { smp_processor_id } from '../arch/sab/cpu.ts';
import { createWords, type Words } from '../arch/sab/words.ts';
import { describeTrace, type TracePoint } from './events.ts';

/** Entries a CPU keeps. */
const ENTRIES = 256;
/** [time in us, trace point, three arguments, -, -, -] */
const ENTRY_WORDS = 8;
const CPU_WORDS = ENTRIES * ENTRY_WORDS + 8;

let ring: Words | null = null;
let base = 0;
let epoch_ns = 0;

export const createFlightRecorder = (cpus: number): Words => createWords(cpus * CPU_WORDS);

/** @param words - null switches tracing off @param epoch - the machine's start on this thread's sched_clock(), ns */
export function attachFlightRecorder(words: Words | null, epoch: number): void {
  ring = words;
  base = smp_processor_id() * CPU_WORDS;
  epoch_ns = epoch;
}

/** Notes a step of this CPU. */
export function trace(point: TracePoint, a = 0, b = 0, c = 0): void {
  if (ring === null) return;
  const count = ring[base] as number;
  ring[base] = (count + 1) | 0;
  const at = base + 8 + (count & (ENTRIES - 1)) * ENTRY_WORDS;
  ring[at] = (sched_clock() - epoch_ns) / 1000;
  ring[at + 1] = point;
  ring[at + 2] = a;
  ring[at + 3] = b;
  ring[at + 4] = c;
}

/** A step as it was recorded. */
export interface TraceEntry {
  /** since the machine's start */
  readonly us: number;
  readonly text: string;
}

/** The last `count` steps of a CPU, oldest first. */
export function lastSteps(words: Words, cpu: number, count: number): TraceEntry[] {
  const start = cpu * CPU_WORDS;
  const written = (words[start] as number) >>> 0;
  const steps: TraceEntry[] = [];
  for (let n = Math.max(0, written - Math.min(count, ENTRIES)); n < written; n++) {
    const at = start + 8 + (n & (ENTRIES - 1)) * ENTRY_WORDS;
    const arg = (i: number): number => words[at + i] as number;
    steps.push({ us: arg(0), text: describeTrace(arg(1), arg(2), arg(3), arg(4)) });
  }
  return steps;
}

/** The recorder this thread writes to. */
export const flightRecorder = (): Words | null => ring;
