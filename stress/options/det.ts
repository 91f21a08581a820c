// SPDX-License-Identifier: GPL-2.0-only
/** Options of the deterministic engine: what they are if they are not given, and what they need. */

import { POLICIES, type Policy } from '../../src/det/schedulers/index.ts';
import type { Memory } from '../../src/det/state.ts';
import { UsageError } from '../cli/usage_error.ts';
import type { KnownScenario } from '../scenarios/scenario.ts';
import { plural } from '../text/layout.ts';
import type { SEARCHES, Typed } from './command.ts';
import type { Bound, SelfCheck } from './engine.ts';

export interface DetOptions {
  readonly scheduler: (typeof SEARCHES)[number];
  readonly depth: number;
  /** Of each scenario on each build; null where the time decides. */
  readonly schedules: number | null;
  readonly maxSteps: number;
  /** Of an exhaustive search. */
  readonly bound: Bound;
  readonly selfCheck: SelfCheck;
  readonly memory: Memory;
  /** Whether all scenarios have the number of threads that was asked for, or each the least that it needs. */
  readonly threadsGiven: boolean;
}

export const DET_DEFAULTS: DetOptions = {
  scheduler: 'portfolio',
  depth: 3,
  schedules: null,
  maxSteps: 100_000,
  bound: { of: 'deviation', most: 2 },
  selfCheck: 'all',
  memory: 'sc',
  threadsGiven: false,
};

const FLAGS: readonly [keyof Typed, string][] = [
  ['scheduler', '--scheduler'],
  ['depth', '--depth'],
  ['schedules', '--schedules'],
  ['maxSteps', '--max-steps'],
  ['preemptions', '--preemptions'],
  ['deviations', '--deviations'],
  ['selfCheck', '--self-check'],
  ['memory', '--memory'],
];
const OF_FREE_THREADS: readonly [keyof Typed, string][] = [
  ['sweep', '--sweep'],
  ['perturb', '--perturb'],
  ['sanitize', '--sanitize'],
  ['shard', '--shard'],
];

function boundOf({ preemptions, deviations }: Typed): Bound {
  if (preemptions !== undefined) return { of: 'preemption', most: preemptions };
  return deviations === undefined ? DET_DEFAULTS.bound : { of: 'deviation', most: deviations };
}

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

/** @returns null for free threads @throws UsageError for an option that the engine has no use for */
export function detOptions(typed: Typed): DetOptions | null {
  const given = (flags: typeof FLAGS): string | undefined => flags.find(([name]) => typed[name] !== undefined)?.[1];
  if (typed.engine === 'native') {
    const flag = given(FLAGS);
    if (flag === undefined) return null;
    throw new UsageError(
      'contradiction',
      `${flag} is for the deterministic engine and the engine is native; type --engine det ${flag} …, or leave it out`,
    );
  }
  const flag = given(OF_FREE_THREADS);
  if (flag !== undefined) {
    throw new UsageError(
      'contradiction',
      `${flag} is for free threads and the engine is det; leave ${flag} out, or --engine det`,
    );
  }
  if (typed.schedules !== undefined && (typed.minutes ?? typed.duration) !== undefined) {
    throw new UsageError(
      'contradiction',
      '--schedules and a time contradict each other, only one of them is allowed; leave one of them out',
    );
  }
  const { scheduler, depth, schedules, maxSteps, memory, selfCheck } = { ...DET_DEFAULTS, ...typed };
  checkMemory(memory, scheduler, typed.arenaMib);
  const threadsGiven = (typed.threads ?? typed.roles) !== undefined;
  return { scheduler, depth, schedules, maxSteps, bound: boundOf(typed), memory, selfCheck, threadsGiven };
}

/** Which are chosen where none is named: schedules of small scenarios are few enough to be worth exploring. */
export const smallOnes = (known: readonly KnownScenario[]): KnownScenario[] =>
  known.filter(({ name }) => name.endsWith('_small')).map((scenario) => ({ ...scenario, onlyByName: false }));

/** As they are typed. */
export function detArguments(options: DetOptions): string[] {
  const words = ['--engine', 'det'];
  const put = (flag: string, value: string | number | null, usual: string | number | null): void => {
    if (value !== null && value !== usual) words.push(flag, String(value));
  };
  put('--scheduler', options.scheduler, DET_DEFAULTS.scheduler);
  put('--depth', options.depth, DET_DEFAULTS.depth);
  put('--schedules', options.schedules, null);
  put('--max-steps', options.maxSteps, DET_DEFAULTS.maxSteps);
  const { of, most } = options.bound;
  put(`--${of}s`, most, of === DET_DEFAULTS.bound.of ? DET_DEFAULTS.bound.most : null);
  put('--memory', options.memory, DET_DEFAULTS.memory);
  put('--self-check', options.selfCheck, DET_DEFAULTS.selfCheck);
  return words;
}

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
