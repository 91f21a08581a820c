// SPDX-License-Identifier: GPL-2.0-only
/**
 * The machine's control panel: a few words by which its operator (the main thread) runs and stops it, and sees
 * what each CPU sleeps on without that CPU's help.
 */
import type { Words } from './words.ts';
import { createWords, wordLoad, wordStore } from './words.ts';

/** Set: every park ends with MachineAborted. */
const ABORT = 0;
/** What the CPUs are to do; the operator's own numbers. */
export const PHASE = 1;
/** Counts arrivals at the end of a phase. */
export const ARRIVED = 2;
/** Counts CPUs that are out of the round before its end. */
export const DEAD = 3;
const HEADER_WORDS = 16;
const CPU_WORDS = 16;
/** Word of a CPU's block: what address it sleeps on, 0 if it is awake. */
const PARKED = 0;
/** Counts what the CPU has got done; a CPU that stands still is one whose word does. */
const PROGRESS = 1;

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
export function setParked(cpu: number, addr: number): void {
  wordStore(control, block(cpu, PARKED), addr);
}
/** @returns the address that the CPU sleeps on, 0 if it is awake */
export const parkedOn = (cpu: number): number => wordLoad(control, block(cpu, PARKED));

/** Notes that this CPU got something done. A plain add to a word of its own. */
export function noteProgress(cpu: number): void {
  const index = block(cpu, PROGRESS);
  control[index] = (control[index] as number) + 1;
}
export const progressOf = (cpu: number): number => wordLoad(control, block(cpu, PROGRESS));

/** What the CPUs are to do, read plainly: for loops that ask each time round. */
export const currentPhase = (): number => control[PHASE] as number;
