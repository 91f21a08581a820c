// SPDX-License-Identifier: GPL-2.0-only
/**
 * The machine's control panel: a few words by which its operator (the main thread) runs and stops it, and sees
 * what each CPU sleeps on without that CPU's help.
 */
import type { Words } from './words.ts';
import { createWords, wordAdd, wordLoad, wordStore } from './words.ts';

/** Set: every park ends with MachineAborted. */
const ABORT = 0;
/** What the CPUs are to do; the operator's own numbers. */
export const PHASE = 1;
/** Counts arrivals at the end of a phase. */
export const ARRIVED = 2;
/** Counts CPUs that are out of the round before its end. */
export const DEAD = 3;
/** Wake-ups on their way: sleepers that have been notified and do not run yet. */
const WAKING = 4;
/** The operator saw the machine stand still when STIRRED was one less; 0 if it has not. */
const QUIET = 5;
/** Counts what the CPU that asks for QUIET has made happen. */
const STIRRED = 6;
const HEADER_WORDS = 16;
const CPU_WORDS = 16;
/** Word of a CPU's block: what address it sleeps on, 0 if it is awake. */
const PARKED = 0;
/** Counts what the CPU has got done; a CPU that stands still is one whose word does. */
const PROGRESS = 1;
/** Whether it sleeps without a due time. */
const UNTIMED = 2;
/** Counts its sleeps. */
const SLEEPS = 3;
/** The phase that it waits for, and before which it does nothing; 0 if it waits for none. */
const AWAITED = 4;
/** What the word that it sleeps on was. */
const EXPECTED = 6;
/** Its thread, as the operating system numbers them; 0 where that is not known. */
const THREAD = 5;

let control: Words = createWords(HEADER_WORDS + CPU_WORDS);

export const createControl = (cpus: number): Words => createWords(HEADER_WORDS + CPU_WORDS * cpus);
export function attachControl(words: Words): void {
  control = words;
}
export const controlPanel = (): Words => control;

/** Unwinds a CPU's stack up to its role when the operator gives the machine up. Not an error of the kernel. */
export class MachineAborted extends Error {
  override readonly name = 'MachineAborted';
}

export const isAborted = (): boolean => wordLoad(control, ABORT) !== 0;
export function setAborted(on: boolean): void {
  wordStore(control, ABORT, on ? 1 : 0);
}

const block = (cpu: number, word: number): number => HEADER_WORDS + CPU_WORDS * cpu + word;
/**
 * Announces that the CPU is about to sleep on `addr`.
 * @param expected - what it has seen there @param untimed - whether only a wake-up ends it
 */
export function setParked(cpu: number, addr: number, expected: number, untimed: boolean): void {
  control[block(cpu, EXPECTED)] = expected;
  control[block(cpu, UNTIMED)] = untimed ? 1 : 0;
  control[block(cpu, SLEEPS)] = sleepsOf(cpu) + 1;
  // Last, and atomic: whoever sees the address sees the rest.
  wordStore(control, block(cpu, PARKED), addr);
}
export function clearParked(cpu: number): void {
  wordStore(control, block(cpu, PARKED), 0);
}
/** @returns the address that the CPU sleeps on, 0 if it is awake */
export const parkedOn = (cpu: number): number => wordLoad(control, block(cpu, PARKED));
/** @returns what the word that the CPU sleeps on was when it announced that */
export const expectedBy = (cpu: number): number => control[block(cpu, EXPECTED)] as number;
/** @returns how often the CPU has gone to sleep */
export const sleepsOf = (cpu: number): number => control[block(cpu, SLEEPS)] as number;
/** Whether the CPU sleeps, and nothing but a wake-up ends that. */
export const sleepsUntimed = (cpu: number): boolean => parkedOn(cpu) !== 0 && control[block(cpu, UNTIMED)] !== 0;

/** Counts sleepers that have been notified (`n` of them), or that have come back because of it (-1). */
export function addWaking(n: number): void {
  wordAdd(control, WAKING, n);
}
export const anyWaking = (): boolean => wordLoad(control, WAKING) !== 0;

/** Says that this CPU does nothing before `phase`; 0 when it goes on. */
export function setAwaited(cpu: number, phase: number): void {
  wordStore(control, block(cpu, AWAITED), phase);
}
/** Whether the CPU waits for a phase that has not come. */
export const isOut = (cpu: number): boolean => wordLoad(control, block(cpu, AWAITED)) > wordLoad(control, PHASE);
/** What a CPU awaits that has done its part in the round. */
export const NEXT_ROUND = 0x7fffffff;

export function setThread(cpu: number, thread: number): void {
  control[block(cpu, THREAD)] = thread;
}
export const threadOf = (cpu: number): number => control[block(cpu, THREAD)] as number;

/** For the operator. @param stirred - stirrings() before it looked */
export function sayQuiet(stirred: number): void {
  wordStore(control, QUIET, stirred + 1);
}
/** @returns how often the CPU that asks has made something happen */
export const stirrings = (): number => wordLoad(control, STIRRED);
/** This CPU has made something happen: what the operator saw before no longer counts. */
export function stir(): void {
  wordAdd(control, STIRRED, 1);
}
/** Whether the operator has seen that nothing happens by itself, and this CPU has done nothing since. */
export const quietSaid = (): boolean => wordLoad(control, QUIET) === stirrings() + 1;

/** Notes that this CPU got something done. A plain add to a word of its own. */
export function noteProgress(cpu: number): void {
  const index = block(cpu, PROGRESS);
  control[index] = (control[index] as number) + 1;
}
export const progressOf = (cpu: number): number => wordLoad(control, block(cpu, PROGRESS));

/** What the CPUs are to do, read plainly: for loops that ask each time round. */
export const currentPhase = (): number => control[PHASE] as number;
