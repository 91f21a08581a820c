// SPDX-License-Identifier: GPL-2.0-only
/**
 * The flight recorder: each CPU's last steps, in a ring of its own outside RAM.
 *
 * Written plainly by its CPU, read by whoever reports a finding. A CPU that is quick may overwrite the oldest entry
 * that is being read, which costs one odd line in a report and nothing on the path of an event.
 */
import { sched_clock } from '../arch/sab/clock.ts';
import { smp_processor_id } from '../arch/sab/cpu.ts';
import { createWords, type Doubles, type Words } from '../arch/sab/words.ts';
import { describeNote, readNote, type TracePoint } from './events.ts';

/** Entries a CPU keeps. */
const ENTRIES = 256;
/** [time: a double, ns since the machine's start; trace point, three arguments, -, -] */
const ENTRY_WORDS = 8;
const CPU_WORDS = ENTRIES * ENTRY_WORDS + 8;

/** null while nothing is noted; a field that never changes V8 takes for a constant. */
class Recorder {
  ring: Words | null = null;
}
const recorder = new Recorder();
/** The same memory, for the times. */
let times: Doubles = timesOf(createFlightRecorder(0));
let base = 0;
let epoch_ns = 0;

export function createFlightRecorder(cpus: number): Words {
  return createWords(cpus * CPU_WORDS);
}
function timesOf(words: Words): Doubles {
  return new Float64Array(words.buffer);
}

/** @param words - null switches tracing off @param epoch - the machine's start on this thread's sched_clock(), ns */
export function attachFlightRecorder(words: Words | null, epoch: number): void {
  if (recorder.ring !== words) recorder.ring = words;
  if (words !== null) times = timesOf(words);
  base = smp_processor_id() * CPU_WORDS;
  epoch_ns = epoch;
}

/** Notes a step of this CPU. */
export function trace(point: TracePoint, a = 0, b = 0, c = 0): void {
  const { ring } = recorder;
  if (ring === null) return;
  const count = ring[base] as number;
  const at = base + 8 + (count & (ENTRIES - 1)) * ENTRY_WORDS;
  times[at >>> 1] = sched_clock() - epoch_ns;
  ring[at + 2] = point;
  ring[at + 3] = a;
  ring[at + 4] = b;
  ring[at + 5] = c;
  // Last: whoever reads meanwhile sees whole steps.
  ring[base] = (count + 1) | 0;
}

/** Steps that a CPU has noted so far. */
export const stepsTaken = (words: Words, cpu: number): number => (words[cpu * CPU_WORDS] as number) >>> 0;

/** A step in words. */
export interface TraceEntry {
  /** since the machine's start */
  readonly us: number;
  readonly text: string;
}
/** A step as it was recorded. */
export interface RecordedStep extends TraceEntry {
  /** name of the trace point */
  readonly point: string;
}

/** Calls `f` for the last `count` steps of a CPU, oldest first, with the index of their words. */
function eachOfLast<T>(words: Words, cpu: number, count: number, f: (at: number) => T): T[] {
  const start = cpu * CPU_WORDS;
  const written = (words[start] as number) >>> 0;
  const found: T[] = [];
  for (let n = Math.max(0, written - Math.min(count, ENTRIES)); n < written; n++) {
    found.push(f(start + 8 + (n & (ENTRIES - 1)) * ENTRY_WORDS));
  }
  return found;
}

/** The last `count` notes of a CPU, oldest first: trace point and its three arguments. */
export const lastNotes = (words: Words, cpu: number, count: number): [number, number, number, number][] =>
  eachOfLast(words, cpu, count, (at) => {
    const [point = 0, a = 0, b = 0, c = 0] = words.subarray(at + 2, at + 6);
    return [point, a, b, c];
  });

/** The last `count` steps of a CPU with their trace points, oldest first. */
export function recordedSteps(words: Words, cpu: number, count: number): RecordedStep[] {
  const ns = timesOf(words);
  return eachOfLast(words, cpu, count, (at) => {
    const note = readNote(words.subarray(at + 2, at + 6));
    return { us: (ns[at >>> 1] as number) / 1000, point: note.point, text: describeNote(note) };
  });
}

/** The last `count` steps of a CPU, oldest first, to the microsecond. */
export const lastSteps = (words: Words, cpu: number, count: number): TraceEntry[] =>
  recordedSteps(words, cpu, count).map(({ us, text }) => ({ us: Math.floor(us), text }));

/** The recorder this thread writes to. */
export const flightRecorder = (): Words | null => recorder.ring;
