// SPDX-License-Identifier: GPL-2.0-only
/** Puts a schedule into the words that the CPUs follow, and reads back what they did. */
import { Prng } from '../../src/arch/sab/prng.ts';
import { DelayedMemory } from '../../src/det/memory_model.ts';
import {
  ABORT,
  at,
  CHANGES,
  CHANGES_MAX,
  CHOICE_WORDS,
  CHOICES,
  CPUS,
  CURSOR,
  DEADLINES,
  DECISION_WORDS,
  DECISIONS,
  type DetBuffers,
  ENTRIES_MAX,
  GO_ON,
  LIST_CHOICES,
  LOG_MAX,
  LOG_STEPS,
  LOG_WORDS,
  LOGGED,
  LOWEST,
  MAX_STEPS,
  MEMORIES,
  MEMORY,
  type Memory,
  NEXT_DEADLINE,
  PRIORITY,
  RNG,
  SCHEDULER,
  SCHEDULERS,
  SCRIPT_FROM,
  SCRIPT_TO,
  type SchedulerName,
  STOP_AT_FINDING,
  WATCHING,
} from '../../src/det/state.ts';

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
  const { words, times, script } = buffers;
  words.fill(0);
  times.fill(Number.POSITIVE_INFINITY);
  times.fill(0, 0, NEXT_DEADLINE);
  times.fill(Number.POSITIVE_INFINITY, DEADLINES);
  words[CPUS] = cpus;
  words[MAX_STEPS] = 2 ** 31 - 1;
  words[SCHEDULER] = SCHEDULERS.indexOf(how.scheduler);
  words[STOP_AT_FINDING] = how.stopAtFinding ? 1 : 0;
  words[LIST_CHOICES] = how.listChoices ? 1 : 0;
  words[LOG_STEPS] = how.logSteps === true || how.watch === true ? 1 : 0;
  words[WATCHING] = how.watch === true ? 1 : 0;
  words[GO_ON] = how.goOn === true ? 1 : 0;
  words[ABORT] = 0;
  words[MEMORY] = MEMORIES.indexOf(how.memory ?? 'sc');
  if (words[MEMORY] !== 0) new DelayedMemory(cpus, buffers, () => {}).reset();
  const random = new Prng(how.seed);
  words[RNG] = random.next() | 1;
  const order = Array.from({ length: cpus }, (_, cpu) => cpu);
  for (let left = cpus; left > 1; left--) {
    const i = random.below(left);
    [order[i], order[left - 1]] = [order[left - 1] as number, order[i] as number];
  }
  // Above all that a change gives.
  order.forEach((cpu, rank) => {
    words[at(cpu, PRIORITY)] = how.scheduler === 'pos' ? random.next() >>> 1 : rank + 1;
  });
  words[LOWEST] = 1;
  if (how.scheduler === 'pct') {
    const changes = Array.from({ length: Math.min(CHANGES_MAX, how.depth - 1) }, () =>
      random.between(1, Math.max(1, how.points)),
    );
    words.set(
      [...new Set(changes)].sort((a, b) => a - b),
      CHANGES,
    );
  }
  let next = 0;
  for (let cpu = 0; cpu <= cpus; cpu++) {
    words[at(cpu, SCRIPT_FROM)] = next;
    words[at(cpu, CURSOR)] = next;
    for (const { step, to } of how.script.filter((d) => d.cpu === cpu).sort((a, b) => a.step - b.step || a.to - b.to)) {
      script.set([cpu, step, to], next++ * DECISION_WORDS);
    }
    words[at(cpu, SCRIPT_TO)] = next;
  }
}

/** @returns every deviation from the default schedule @throws if there were more than fit */
export function recorded({ words, recording }: DetBuffers): Decision[] {
  const count = words[DECISIONS] as number;
  if (count > ENTRIES_MAX)
    throw new Error(`a schedule of ${count} decisions is too long: at most ${ENTRIES_MAX} are kept`);
  return Array.from({ length: count }, (_, n) => ({
    cpu: recording[n * DECISION_WORDS] as number,
    step: recording[n * DECISION_WORDS + 1] as number,
    to: recording[n * DECISION_WORDS + 2] as number,
  }));
}

/** @returns the steps that were logged, as far as they fit; the first is number 1 */
export const loggedSteps = ({ log, words }: DetBuffers): Int32Array =>
  log.subarray(0, Math.min((words[LOGGED] as number) + 1, LOG_MAX) * LOG_WORDS);

/** @returns the steps at which there was a choice, as far as they fit */
export function listedChoices({ words, choices }: DetBuffers): WatchedChoice[] {
  const count = Math.min(words[CHOICES] as number, ENTRIES_MAX);
  const cpus = words[CPUS] as number;
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
