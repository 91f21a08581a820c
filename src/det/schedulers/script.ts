// SPDX-License-Identifier: GPL-2.0-only
/**
 * The deviations that are listed, and no other.
 *
 * The default schedule never preempts: a CPU runs until it sleeps, then the next one that can run does. A schedule is
 * the list of deviations from it, each at a step of one CPU's own count, so that leaving one deviation out moves the
 * others as little as possible.
 */
import { DECISION_WORDS, type DetState, INTERRUPT_DECISION, MEMORY_DECISION } from '../state.ts';
import { anyone } from './random.ts';
import type { Scheduler } from './scheduler.ts';

const CANNOT = -2;

/**
 * What the script says at this step of `cpu`.
 * @returns -1 if nothing, CANNOT if it says what cannot be: it was recorded on other code
 */
function scripted(state: DetState, cpu: number): number {
  const { script } = state;
  const own = state.cpu(cpu);
  const { local, script_to } = own;
  let { cursor } = own;
  let next = -1;
  for (; cursor < script_to && (script[cursor * DECISION_WORDS + 1] as number) < local; cursor++) next = CANNOT;
  if (cursor < script_to && script[cursor * DECISION_WORDS + 1] === local) {
    const to = script[cursor * DECISION_WORDS + 2] as number;
    if (to < MEMORY_DECISION) {
      cursor++;
      if (!state.canRun(to)) next = CANNOT;
      else if (next !== CANNOT) next = to;
    }
  }
  own.cursor = cursor;
  return next;
}

/** Whether the script says something at this step of `cpu`. */
export function isScripted(state: DetState, cpu: number): boolean {
  const { local, cursor, script_to } = state.cpu(cpu);
  for (let next = cursor; next < script_to; next++) {
    const step = state.script[next * DECISION_WORDS + 1] as number;
    if (step >= local) return step === local;
  }
  return false;
}

/** By how much the script lets the access of `cpu` at this step deviate from sequential consistency; mostly 0. */
export function scriptedMemory(state: DetState, cpu: number): number {
  const { script } = state;
  const own = state.cpu(cpu);
  if (own.cursor >= own.script_to || script[own.cursor * DECISION_WORDS + 1] !== own.local) return 0;
  const to = script[own.cursor * DECISION_WORDS + 2] as number;
  if (to < MEMORY_DECISION || to === INTERRUPT_DECISION) return 0;
  own.cursor += 1;
  return to - MEMORY_DECISION;
}

/** Whether the script has the device interrupt `cpu` after this step. */
export function scriptedInterrupt(state: DetState, cpu: number): boolean {
  const { script } = state;
  const own = state.cpu(cpu);
  const at = own.cursor * DECISION_WORDS;
  if (own.cursor >= own.script_to || script[at + 1] !== own.local || script[at + 2] !== INTERRUPT_DECISION) {
    return false;
  }
  own.cursor += 1;
  return true;
}

export const script: Scheduler = {
  text: 'what was recorded',
  paper: '',
  begin: () => {},
  choose(state, cpu, able) {
    const next = scripted(state, cpu);
    if (next >= 0) return next;
    if (next === CANNOT && state.round.go_on !== 0) {
      state.round.scheduler = state.round.go_on;
      return anyone(state);
    }
    return able ? cpu : state.nextInTurn(cpu);
  },
  accessed: () => {},
};
