// SPDX-License-Identifier: GPL-2.0-only
/**
 * Oops records: what went wrong, written to a buffer outside RAM before anything else is done about it.
 *
 * The thread that finds a problem may die of it, so it writes down at once what a report needs: the kind, the
 * stack, the locks that each CPU holds and the last steps of each CPU. The operator reads the records.
 *
 * NOT LINUX: pstore would be the nearest.
 */
import { sched_clock } from '../arch/sab/clock.ts';
import { MachineAborted } from '../arch/sab/control.ts';
import { smp_processor_id } from '../arch/sab/cpu.ts';
import { type Bytes, createBytes, createWords, type Words, wordAdd, wordLoad, wordStore } from '../arch/sab/words.ts';
import { flightRecorder, lastSteps, type TraceEntry } from '../trace/flight_recorder.ts';
import type { ObjectRef } from './object_ref.ts';

/** Kinds of findings; a colon parts the family from the case. */
export type FindingKind =
  | 'event:lost'
  | 'event:duplicate'
  | 'event:corrupt'
  | 'event:phantom'
  | 'event:foreign'
  | 'slot:leak'
  | 'slot:excess'
  | 'destroy:requests-in-flight'
  | 'white-box:grace-period-in-syscall'
  | 'destroy:wrong-answer'
  | 'exit:requests-in-flight'
  | 'buffer:written-after-destroy'
  | 'quota:spurious-eagain'
  | 'quota:imbalance'
  | 'quota:excess'
  | 'submit:spurious-eagain'
  | 'context:dead-handle'
  | 'wakeup:lost'
  | 'kasan:use-after-free'
  | 'kasan:out-of-bounds'
  | 'kasan:double-free'
  | 'kasan:write-after-free'
  | 'kasan:use-after-return'
  | 'oops:null-dereference'
  | 'oops:bad-address'
  | 'oops:wild-jump'
  | 'refcount:underflow'
  | 'refcount:page'
  | 'leak:memory'
  | 'leak:mapping'
  | 'lockdep:deadlock'
  | 'lockdep:sleep-in-atomic'
  | 'lockdep:bad-unlock'
  | 'lockdep:held-at-exit'
  | 'lockdep:inconsistent-irq'
  | 'warn'
  | 'bug'
  | 'hang'
  | 'thread:died';

/** What one CPU was at when a problem was found. */
export interface CpuSnapshot {
  readonly cpu: number;
  readonly role: string;
  readonly held: readonly string[];
  readonly waiting: string | null;
  readonly steps: readonly TraceEntry[];
}

export interface OopsRecord {
  readonly kind: FindingKind;
  /** One line, the same for every occurrence of the same problem: no addresses, no numbers. */
  readonly title: string;
  /** Function of the kernel in which it showed. */
  readonly where: string;
  readonly cpu: number;
  readonly role: string;
  /** since the machine's start */
  readonly us: number;
  /** What is known, a line each. */
  readonly text: readonly string[];
  readonly objects: readonly ObjectRef[];
  /** Of the access that was wrong; null where it was none. */
  readonly address: number | null;
  readonly stack: readonly string[];
  readonly cpus: readonly CpuSnapshot[];
}

const RECORDS_MAX = 48;
const RECORD_BYTES = 64 * 1024;
const TAKEN = 0;
const LENGTHS = 4;

/** The records' buffers. */
export interface OopsLog {
  readonly index: Words;
  readonly bytes: Bytes;
}
export const createOopsLog = (): OopsLog => ({
  index: createWords(LENGTHS + RECORDS_MAX),
  bytes: createBytes(RECORDS_MAX * RECORD_BYTES),
});

let log: OopsLog = createOopsLog();
let epoch_ns = 0;
const roles: string[] = [];
/** What lockdep knows of a CPU's locks; set by lockdep, so that this file needs nothing of it. */
let locksOf: (cpu: number) => { held: string[]; waiting: string | null } = () => ({ held: [], waiting: null });
let nr_cpus = 0;

/** @param epoch - the machine's start on this thread's sched_clock(), ns @param cpuRoles - role of each CPU */
export function attachOopsLog(to: OopsLog, epoch: number, cpuRoles: readonly string[]): void {
  log = to;
  epoch_ns = epoch;
  roles.splice(0, roles.length, ...cpuRoles);
  nr_cpus = cpuRoles.length;
}
export function setLocksOf(f: typeof locksOf): void {
  locksOf = f;
}
export const roleOf = (cpu: number): string => roles[cpu] ?? `cpu${cpu}`;

/** `    at Object.f [as g] (file:///…/src/a.js:10:5)`: function, file, line, column. */
const FRAME = new RegExp(
  /^\s+at (?:(?:async |new )?(?:\w+\.)?([\w$]+)(?: \[as [\w$]+\])? )?\(?/.source +
    /.*\/((?:src|workers|stress)\/[^:)]+):(\d+):(\d+)/.source,
);

/** Frames of the reporting machinery come first and are cut; leave room for what called it. */
Error.stackTraceLimit = 40;

/** Functions that only report. */
const REPORTERS = new Set(['finding']);

/** A frame of a stack. */
interface Frame {
  readonly name: string;
  /** `src/fs/aio/completion.js` */
  readonly file: string;
  /** `aio_complete (src/fs/aio/completion.js:45:7)` */
  readonly line: string;
}

/** A frame as V8 prints it; null if it is none of this program's. */
export function frameOf(text: string): Frame | null {
  const m = FRAME.exec(text);
  if (!m) return null;
  const [, name = '(anonymous)', file = '', number = '', column = ''] = m;
  // Of compiled code the column, too: whoever prints it finds the line of the source.
  const place = file.endsWith('.js') ? `${number}:${column}` : number;
  return { name, file, line: `${name} (${file}:${place})` };
}

/** This thread's stack, innermost first, without the machinery that reports. */
function kernelStack(error: Error): Frame[] {
  return (error.stack ?? '').split('\n').flatMap((text) => {
    const frame = frameOf(text);
    if (frame === null || REPORTERS.has(frame.name)) return [];
    return /^src\/(arch\/sab|det|init\/hook|kernel\/(oops|panic)|mm\/kasan)/.test(frame.file) ? [] : [frame];
  });
}

/** What each CPU holds, waits for and did last. */
export function snapshotCpus(steps: number): CpuSnapshot[] {
  const words = flightRecorder();
  return Array.from({ length: nr_cpus }, (_, cpu) => ({
    cpu,
    role: roleOf(cpu),
    ...locksOf(cpu),
    steps: words === null ? [] : lastSteps(words, cpu, steps),
  }));
}

/** The fields of a record that the finder gives. */
export interface Problem {
  readonly kind: FindingKind;
  readonly title: string;
  readonly text?: readonly string[];
  readonly objects?: readonly ObjectRef[];
  readonly address?: number;
}

/** Writes a record. Never throws; a record too many is counted and dropped. */
export function record(problem: Problem): void {
  writeRecord(problem, new Error('here'));
}

/** Writes a record of an exception that nobody expected, with its stack. */
export function recordError(kind: FindingKind, error: unknown): void {
  const e = error instanceof Error ? error : new Error(String(error));
  writeRecord({ kind, title: `${e.name}: ${e.message}`, text: [e.message] }, e);
}

function writeRecord(problem: Problem, error: Error): void {
  const slot = wordAdd(log.index, TAKEN, 1);
  if (slot >= RECORDS_MAX) return;
  const stack = kernelStack(error);
  const cpu = smp_processor_id();
  const full: OopsRecord = {
    text: [],
    objects: [],
    address: null,
    ...problem,
    where: stack[0]?.name ?? '',
    cpu,
    role: roleOf(cpu),
    us: (sched_clock() - epoch_ns) / 1000,
    stack: stack.map((frame) => frame.line),
    cpus: snapshotCpus(12),
  };
  let bytes = new TextEncoder().encode(JSON.stringify(full));
  if (bytes.length > RECORD_BYTES) bytes = new TextEncoder().encode(JSON.stringify({ ...full, cpus: [] }));
  log.bytes.set(bytes.subarray(0, RECORD_BYTES), slot * RECORD_BYTES);
  wordStore(log.index, LENGTHS + slot, bytes.length);
}

/** @returns record number `slot`, null if it has not been written to its end. For the operator. */
export function readOops(from: OopsLog, slot: number): OopsRecord | null {
  const length = slot < RECORDS_MAX ? wordLoad(from.index, LENGTHS + slot) : 0;
  if (length === 0) return null;
  const bytes = from.bytes.slice(slot * RECORD_BYTES, slot * RECORD_BYTES + length);
  return JSON.parse(new TextDecoder().decode(bytes)) as OopsRecord;
}

/** Reads the records, and how many did not fit. For the operator. */
export function readOopsLog(from: OopsLog): { records: OopsRecord[]; dropped: number } {
  const taken = wordLoad(from.index, TAKEN);
  const records = Array.from({ length: Math.min(taken, RECORDS_MAX) }, (_, slot) => readOops(from, slot));
  return { records: records.filter((one) => one !== null), dropped: Math.max(0, taken - RECORDS_MAX) };
}

export const oopsCount = (from: OopsLog): number => wordLoad(from.index, TAKEN);

export function clearOopsLog(which: OopsLog): void {
  which.index.fill(0);
}

/** Ends what this CPU is doing: the kernel cannot go on here. The record has been written. */
export class KernelOops extends Error {
  override readonly name = 'KernelOops';
  readonly kind: FindingKind;
  constructor(kind: FindingKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Writes a record and ends what this CPU is doing. */
export function oops(problem: Problem): never {
  record(problem);
  throw new KernelOops(problem.kind, problem.title);
}

/** Whether an exception is the kernel's own way out, already recorded. */
export const isKernelExit = (error: unknown): boolean => error instanceof KernelOops || error instanceof MachineAborted;
