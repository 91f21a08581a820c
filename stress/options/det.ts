// SPDX-License-Identifier: GPL-2.0-only
/** Options of the deterministic engine: what they are if they are not given, and what they need. */
import { POLICIES, type Policy } from '../../src/det/schedulers/index.ts';
import type { Memory } from '../../src/det/state.ts';
import { filled } from '../cli/option_table.ts';
import { UsageError } from '../cli/usage_error.ts';
import type { KnownScenario } from '../scenarios/scenario.ts';
import { plural } from '../text/layout.ts';
import type { DetOptions } from './options.ts';
import { DET, type StressGiven } from './table.ts';

/** Largest arena, MiB, behind which there is room for a memory model. */
export const ARENA_WITH_MODEL_MIB = 1020;

/** @throws UsageError where a memory model cannot be had */
function checkMemory(memory: Memory, scheduler: DetOptions['scheduler'], arenaMib: number | undefined): void {
  if (memory === 'sc') return;
  if (scheduler === 'dfs') {
    throw new UsageError(
      'contradiction',
      '--scheduler dfs runs all orders of accesses but not all delays of stores, so --memory sc is allowed and ' +
        `${memory} is not; type --memory sc, or another scheduler`,
    );
  }
  if (arenaMib === undefined || arenaMib <= ARENA_WITH_MODEL_MIB) return;
  throw new UsageError(
    'contradiction',
    `--memory ${memory} keeps stores that are under way behind the arena, which may have ${ARENA_WITH_MODEL_MIB} MiB ` +
      `then, not ${arenaMib}; type --arena-mib ${ARENA_WITH_MODEL_MIB}, or less`,
  );
}

/** @returns null for free threads @throws UsageError */
export function detOptions(given: StressGiven): DetOptions | null {
  const typed = filled(DET, given);
  if (typed.engine === 'native') return null;
  const { scheduler, depth, schedules = null, maxSteps, deviations, preemptions, memory, selfCheck } = typed;
  checkMemory(memory, scheduler, given.arenaMib);
  return {
    scheduler,
    depth,
    schedules,
    maxSteps,
    bound: preemptions === undefined ? { of: 'deviation', most: deviations } : { of: 'preemption', most: preemptions },
    memory,
    selfCheck,
    threadsGiven: (given.threads ?? given.roles) !== undefined,
  };
}

/** Which are chosen where none is named: schedules of small scenarios are few enough to be worth exploring. */
export const smallOnes = (known: readonly KnownScenario[]): KnownScenario[] =>
  known.filter(({ name }) => name.endsWith('_small')).map((scenario) => ({ ...scenario, onlyByName: false }));

/** What a memory model stands for in a report. */
export const MEMORY_TEXTS: Readonly<Record<Memory, string>> = {
  sc: 'simulated, sequentially consistent: every store is seen at once',
  tso: 'simulated, TSO: a store may be seen later by others, in the order of its CPU',
  weak: 'simulated, weak: stores and loads of a CPU may be seen in another order but for barriers',
};

const POLICY_TEXTS = Object.fromEntries(POLICIES.map((name) => [name, name])) as Record<Policy, string>;

/** What the engine was asked to do, for a report. */
export function detText({ scheduler, depth, schedules, maxSteps, bound, memory, selfCheck }: DetOptions): string {
  const how: Readonly<Record<DetOptions['scheduler'], string>> = {
    portfolio: `random, pct of depth ${depth} and pos in turn`,
    ...POLICY_TEXTS,
    pct: `pct of depth ${depth}`,
    dfs: `all schedules within ${plural(bound.most, bound.of)}, one of those that come to the same state`,
  };
  const many = schedules === null ? '' : `, ${schedules} schedules of each scenario and build`;
  const checked = { all: 'each run twice', sampled: 'some run twice', off: 'each run once' }[selfCheck];
  return `deterministic, ${how[scheduler]}${many}, ${checked}, at most ${maxSteps} steps each, memory ${memory}`;
}
