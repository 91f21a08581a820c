// SPDX-License-Identifier: GPL-2.0-only
/**
 * Who runs next. Everything here is a function of the shared words, so that the same words give the same schedule.
 *
 * The default schedule never preempts: a CPU runs until it sleeps, then the next one that can run does. A schedule is
 * the list of deviations from it, each at a step of one CPU's own count, so that leaving one deviation out moves the
 * others as little as possible.
 *
 *   script   the deviations that are listed, and no other
 *   random   a uniform walk: at each point, any CPU that can run is as likely as any other
 *   pct      random priorities, and d - 1 points at which the running CPU falls behind all others
 *   pos      each access gets a random priority when its CPU comes to it; racing ones draw again after each
 *
 * @see S. Burckhardt et al., A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs, ASPLOS 2010
 * @see X. Yuan, J. Yang, R. Gu, Partial Order Aware Concurrency Sampling, CAV 2018
 */
import type { Words } from '../arch/sab/words.ts';
import {
  at,
  CHANGES,
  CHANGES_MAX,
  CPUS,
  CURSOR,
  DECISION_WORDS,
  GO_ON,
  LOCAL,
  LOWEST,
  MEMORY_DECISION,
  PENDING,
  PENDING_BYTES,
  PENDING_WRITES,
  POINTS,
  PRIORITY,
  RNG,
  RUNNABLE,
  SCHEDULER,
  SCHEDULERS,
  SCRIPT_TO,
  STATE,
} from './state.ts';

const SCRIPT = SCHEDULERS.indexOf('script');
const RANDOM = SCHEDULERS.indexOf('random');
const PCT = SCHEDULERS.indexOf('pct');

/** @returns 32 random bits, unsigned */
export function draw(words: Words): number {
  let x = words[RNG] as number;
  x ^= x << 13;
  x ^= x >>> 17;
  x ^= x << 5;
  words[RNG] = x;
  return Math.imul(x, 0x9e3779b1) >>> 0;
}

const canRun = (words: Words, cpu: number): boolean => words[at(cpu, STATE)] === RUNNABLE;

/** The CPU that runs by default when `cpu` cannot: the next in turn. @returns -1 if none can */
export function nextInTurn(words: Words, cpu: number): number {
  const cpus = words[CPUS] as number;
  for (let i = 1; i <= cpus; i++) {
    const other = (cpu + i) % cpus;
    if (canRun(words, other)) return other;
  }
  return -1;
}

/**
 * What the script says at this step of `cpu`. What it says can be impossible where it was recorded on other code.
 * @returns -1 if nothing, or if who is named cannot run
 */
function scripted(words: Words, script: Words, cpu: number): number {
  const local = words[at(cpu, LOCAL)] as number;
  const to = words[at(cpu, SCRIPT_TO)] as number;
  let cursor = words[at(cpu, CURSOR)] as number;
  let possible = true;
  for (; cursor < to && (script[cursor * DECISION_WORDS + 1] as number) < local; cursor++) possible = false;
  let next = -1;
  if (cursor < to && script[cursor * DECISION_WORDS + 1] === local) {
    next = script[cursor * DECISION_WORDS + 2] as number;
    if (next >= MEMORY_DECISION) next = -1;
    else {
      cursor++;
      if (!canRun(words, next)) possible = false;
    }
  }
  words[at(cpu, CURSOR)] = cursor;
  if (possible) return next;
  if (words[GO_ON] !== 0) words[SCHEDULER] = RANDOM;
  return -1;
}

/** Whether the script says something at this step of `cpu`. */
export function isScripted(words: Words, script: Words, cpu: number): boolean {
  const local = words[at(cpu, LOCAL)] as number;
  const to = words[at(cpu, SCRIPT_TO)] as number;
  for (let next = words[at(cpu, CURSOR)] as number; next < to; next++) {
    const step = script[next * DECISION_WORDS + 1] as number;
    if (step >= local) return step === local;
  }
  return false;
}

/** By how much the script lets the access of `cpu` at this step deviate from sequential consistency; mostly 0. */
export function scriptedMemory(words: Words, script: Words, cpu: number): number {
  const cursor = words[at(cpu, CURSOR)] as number;
  if (cursor >= (words[at(cpu, SCRIPT_TO)] as number)) return 0;
  if (script[cursor * DECISION_WORDS + 1] !== words[at(cpu, LOCAL)]) return 0;
  const by = (script[cursor * DECISION_WORDS + 2] as number) - MEMORY_DECISION;
  if (by < 0) return 0;
  words[at(cpu, CURSOR)] = cursor + 1;
  return by;
}

function anyone(words: Words): number {
  const cpus = words[CPUS] as number;
  let count = 0;
  for (let cpu = 0; cpu < cpus; cpu++) if (canRun(words, cpu)) count++;
  let nth = count < 2 ? 0 : Math.floor((draw(words) / 4294967296) * count);
  for (let cpu = 0; cpu < cpus; cpu++) {
    if (canRun(words, cpu) && nth-- === 0) return cpu;
  }
  return -1;
}

/** Who has the highest priority of those that can run; the first of equals. */
function highest(words: Words): number {
  const cpus = words[CPUS] as number;
  let best = -1;
  for (let cpu = 0; cpu < cpus; cpu++) {
    if (
      canRun(words, cpu) &&
      (best < 0 || (words[at(cpu, PRIORITY)] as number) > (words[at(best, PRIORITY)] as number))
    ) {
      best = cpu;
    }
  }
  return best;
}

/** Lowers the running CPU's priority if this is a point at which pct does. */
function maybeLower(words: Words, cpu: number): void {
  const point = words[POINTS] as number;
  for (let i = 0; i < CHANGES_MAX; i++) {
    const change = words[CHANGES + i] as number;
    if (change === 0 || change > point) return;
    if (change === point) {
      words[LOWEST] = (words[LOWEST] as number) - 1;
      words[at(cpu, PRIORITY)] = words[LOWEST] as number;
    }
  }
}

/** Accesses that race with the one that comes now draw again. */
export function redrawRacing(words: Words, cpu: number, addr: number, bytes: number, writes: boolean): void {
  const cpus = words[CPUS] as number;
  for (let other = 0; other < cpus; other++) {
    const from = words[at(other, PENDING)] as number;
    if (other === cpu || from >= addr + bytes || from + (words[at(other, PENDING_BYTES)] as number) <= addr) continue;
    if (writes || words[at(other, PENDING_WRITES)] !== 0) words[at(other, PRIORITY)] = draw(words) >>> 1;
  }
}

export const isScript = (words: Words): boolean => words[SCHEDULER] === SCRIPT;
export const isPos = (words: Words): boolean => (words[SCHEDULER] as number) > PCT;

/**
 * @param cpu - who is at this step
 * @param able - whether it can go on itself
 * @returns who is next, -1 if nobody can run
 */
export function choose(words: Words, script: Words, cpu: number, able: boolean): number {
  const scheduler = words[SCHEDULER];
  if (scheduler === SCRIPT) {
    const next = scripted(words, script, cpu);
    if (next >= 0) return next;
    if (words[SCHEDULER] === RANDOM) return anyone(words);
    return able ? cpu : nextInTurn(words, cpu);
  }
  if (scheduler === RANDOM) return anyone(words);
  if (scheduler === PCT) {
    if (able) maybeLower(words, cpu);
    return highest(words);
  }
  // One that goes to sleep gets the priority of its next access now.
  words[at(cpu, PRIORITY)] = draw(words) >>> 1;
  return highest(words);
}
