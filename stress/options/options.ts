// SPDX-License-Identifier: GPL-2.0-only
/** What a run is asked to do, checked and with every default filled in. */
import type { Rcu } from '../../src/arch/sab/cpu.ts';
import type { Policy } from '../../src/det/schedulers/index.ts';
import type { Memory } from '../../src/det/state.ts';
import type { Perturbation } from '../../src/init/hook.ts';
import type { Slug } from '../../src/reverts/registry.ts';
import type { LeftOut, Shard } from '../result/run_result.ts';
import type { Bound, SelfCheck } from './engine.ts';
import type { Reporter } from './reporters.ts';
import type { RoleCounts } from './roles.ts';

export interface Options {
  readonly kind: 'run';
  readonly threads: number;
  readonly durationMs: number;
  /** Names. */
  readonly scenarios: readonly string[];
  /** Those that need more threads than there are. */
  readonly leftOut: readonly LeftOut[];
  readonly scenarioGiven: boolean;
  readonly build: 'both' | 'patched' | 'reverted';
  /** Fixes to take back, and to apply; if there are any, `build` says nothing. */
  readonly revert: readonly Slug[];
  readonly apply: readonly Slug[];
  /** null for what each scenario is about */
  readonly rcu: Rcu | null;
  readonly seed: number;
  readonly roles: RoleCounts | null;
  readonly perturb: Perturbation;
  readonly sanitize: 'address' | 'none';
  readonly arenaMib: number;
  readonly json: boolean;
  readonly output: string;
  readonly failFast: boolean;
  readonly maxFindings: number;
  readonly reporters: readonly Reporter[];
  /** Expressions, as typed. */
  readonly thresholds: readonly string[];
  /** null for the whole seed space */
  readonly shard: Shard | null;
  /** Widths, if the run is a sweep. */
  readonly sweep: readonly number[] | null;
  /** How long to look for a schedule that shows a finding of free threads. */
  readonly explainMs: number;
  /** null for free threads */
  readonly det: DetOptions | null;
}

/** Of the deterministic engine. */
export interface DetOptions {
  /** `portfolio` is random, pct and pos in turn. */
  readonly scheduler: Policy | 'portfolio' | 'dfs';
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

/** What defaults depend on. */
export type Mode = 'native' | 'sweep' | 'det';

export const modeOf = ({ sweep, det }: Pick<Options, 'sweep' | 'det'>): Mode =>
  det !== null ? 'det' : sweep === null ? 'native' : 'sweep';
