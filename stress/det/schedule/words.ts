// SPDX-License-Identifier: GPL-2.0-only
/** Puts a schedule into the words that the CPUs follow, and reads back what they did. */
import { Prng } from '../../../src/arch/sab/prng.ts';
import { DelayedMemory } from '../../../src/det/memory_model.ts';
import { numberOf, SCHEDULERS, type SchedulerName } from '../../../src/det/schedulers/index.ts';
import {
  CHOICE_WORDS,
  DEADLINES,
  DECISION_WORDS,
  type DetBuffers,
  DetState,
  ENTRIES_MAX,
  LOG_MAX,
  LOG_WORDS,
  MEMORIES,
  type Memory,
  NEXT_DEADLINE,
} from '../../../src/det/state.ts';

/** At its step number `step`, `cpu` leaves the default schedule for `to`. The operator is the CPU behind the last. */
export interface Decision {
  readonly cpu: number;
  readonly step: number;
  readonly to: number;
}

/** A step at which there was a choice. */
export interface Choice {
  readonly cpu: number;
  readonly step: number;
  readonly byDefault: number;
  readonly could: readonly number[];
  /** Whether another CPU's turn would have been a preemption. */
  readonly preemption: boolean;
  /** What it is about to touch, or sleeps on. */
  readonly addr: number;
}

/** In a search that watches states. */
export interface WatchedChoice extends Choice {
  /** Of the machine, 53 bits of a hash. */
  readonly state: number;
  /** Steps in the log before. */
  readonly logged: number;
}

/** How a schedule is chosen. */
export interface Chosen {
  readonly scheduler: SchedulerName;
  readonly seed: number;
  /** For pct: how many ordering constraints a bug may need, and how many points a schedule has. */
  readonly depth: number;
  readonly points: number;
  /** For script. */
  readonly script: readonly Decision[];
  readonly listChoices: boolean;
  readonly stopAtFinding: boolean;
  /** Sequential consistency if it is not given. */
  readonly memory?: Memory;
  /** Whether each step is logged. */
  readonly logSteps?: boolean;
  /** For script: whether one that cannot be followed is left for a random walk. */
  readonly goOn?: boolean;
  /** Whether states are hashed and steps logged, for an exhaustive search. */
  readonly watch?: boolean;
}

/** Everything at its beginning. What has been learned of who shares what stays. */
export function prepare(buffers: DetBuffers, cpus: number, how: Chosen): void {
  const { words, times } = buffers;
  words.fill(0);
  times.fill(Number.POSITIVE_INFINITY);
  times.fill(0, 0, NEXT_DEADLINE);
  times.fill(Number.POSITIVE_INFINITY, DEADLINES);
  const state = new DetState(buffers);
  const { round } = state;
  round.cpus = cpus;
  round.max_steps = 2 ** 31 - 1;
  round.scheduler = numberOf(how.scheduler);
  round.stop_at_finding = how.stopAtFinding ? 1 : 0;
  round.list_choices = how.listChoices ? 1 : 0;
  round.log_steps = how.logSteps === true || how.watch === true ? 1 : 0;
  round.watching = how.watch === true ? 1 : 0;
  round.go_on = how.goOn === true ? numberOf('random') : 0;
  round.memory = MEMORIES.indexOf(how.memory ?? 'sc');
  if (round.memory !== 0) new DelayedMemory(cpus, buffers, () => {}).reset();
  const random = new Prng(how.seed);
  round.rng = random.next() | 1;
  const order = Array.from({ length: cpus }, (_, cpu) => cpu);
  for (let left = cpus; left > 1; left--) {
    const i = random.below(left);
    [order[i], order[left - 1]] = [order[left - 1] as number, order[i] as number];
  }
  // Above all that a change gives.
  order.forEach((cpu, rank) => {
    state.cpu(cpu).priority = rank + 1;
  });
  round.lowest = 1;
  SCHEDULERS[how.scheduler].begin(state, random, how);
  writeScript(state, how.script);
}

/** Each CPU's decisions, in order. */
function writeScript(state: DetState, decisions: readonly Decision[]): void {
  let next = 0;
  for (let cpu = 0; cpu <= state.round.cpus; cpu++) {
    const its = state.cpu(cpu);
    its.cursor = next;
    for (const { step, to } of decisions.filter((d) => d.cpu === cpu).sort((a, b) => a.step - b.step || a.to - b.to)) {
      state.script.set([cpu, step, to], next++ * DECISION_WORDS);
    }
    its.script_to = next;
  }
}

/** @returns every deviation from the default schedule @throws if there were more than fit */
export function recorded(buffers: DetBuffers): Decision[] {
  const { recording } = buffers;
  const count = new DetState(buffers).round.decisions;
  if (count > ENTRIES_MAX)
    throw new Error(`a schedule of ${count} decisions is too long: at most ${ENTRIES_MAX} are kept`);
  return Array.from({ length: count }, (_, n) => ({
    cpu: recording[n * DECISION_WORDS] as number,
    step: recording[n * DECISION_WORDS + 1] as number,
    to: recording[n * DECISION_WORDS + 2] as number,
  }));
}

/** @returns the steps that were logged, as far as they fit; the first is number 1 */
export const loggedSteps = (buffers: DetBuffers): Int32Array =>
  buffers.log.subarray(0, Math.min(new DetState(buffers).round.logged + 1, LOG_MAX) * LOG_WORDS);

/** @returns the steps at which there was a choice, as far as they fit */
export function listedChoices(buffers: DetBuffers): WatchedChoice[] {
  const { choices } = buffers;
  const { cpus, choices: listed } = new DetState(buffers).round;
  const count = Math.min(listed, ENTRIES_MAX);
  return Array.from({ length: count }, (_, n) => {
    const cell = (i: number): number => choices[n * CHOICE_WORDS + i] as number;
    return {
      cpu: cell(0),
      step: cell(1),
      byDefault: cell(2),
      could: Array.from({ length: cpus }, (__, cpu) => cpu).filter((cpu) => (cell(3) & (1 << cpu)) !== 0),
      preemption: cell(4) !== 0,
      addr: cell(5),
      state: (cell(6) >>> 0) * 2 ** 21 + (cell(7) >>> 11),
      logged: cell(8),
    };
  });
}
