// SPDX-License-Identifier: GPL-2.0-only
/**
 * The options of `npm run stress`, a row each: how it is typed and read, what it is for, what it is if it is not given,
 * what contradicts it, how it is said again. The help, README.md's table, the defaults, the checks and the line that
 * runs it again are made from this table.
 */
import { RCUS } from '../../src/arch/sab/cpu.ts';
import { POLICIES } from '../../src/det/schedulers/index.ts';
import { MEMORIES } from '../../src/det/state.ts';
import { APPLICABLE, REVERTIBLE } from '../../src/reverts/registry.ts';
import {
  choice,
  type Given,
  JSON_RESULT,
  MINUTES,
  OUTPUT,
  type Row,
  row,
  SEED,
  SHARD,
  toggle,
  VERSION,
  whole,
} from '../cli/option_table.ts';
import { duration } from '../cli/values.ts';
import { SELF_CHECKS } from './engine.ts';
import type { Mode, Options } from './options.ts';
import { REPORTER } from './reporters.ts';
import { roles, rolesText } from './roles.ts';
import { applied, reverted } from './slugs.ts';
import { parseSweep } from './widths.ts';

export const THREADS_MAX = 256;

/** A value; several of an option that is repeated; true for a switch; null for an option that is not said. */
type Said = string | number | boolean | readonly string[] | null;

export interface StressRow<T> extends Row<T> {
  /** What it is if it is not given, where that depends. */
  readonly usualIn?: (mode: Mode) => T;
  /** The engine that it means something to. */
  readonly only?: 'det' | 'native';
  /** What is said again. By default what the options have under its name, unless it is usual. */
  readonly again?: (options: Options) => Said;
}

const repeated = (text: string, _flag: string, before: readonly string[] = []): readonly string[] => [...before, text];
const hasTime = ({ det }: Options): boolean => (det?.schedules ?? null) === null;
const isMinutes = ({ durationMs }: Options): boolean => durationMs % 60_000 === 0;
const durationText = (ms: number): string => (ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`);

type StressTable = Readonly<Record<string, StressRow<unknown>>>;

export const RUN = {
  threads: {
    ...whole('worker threads, 1 to 256, all roles together; scenarios that need more are left out', 1, THREADS_MAX, 16),
    usualText: '16, of --engine det as few as each scenario needs',
    again: ({ sweep, det, threads }) => (sweep === null && det?.threadsGiven !== false ? threads : null),
  },
  minutes: {
    ...MINUTES,
    usualText: '1',
    conflicts: ['duration'],
    again: (options) => (hasTime(options) && isMinutes(options) ? options.durationMs / 60_000 : null),
  },
  duration: {
    ...row('<time>', 'the same with a unit: 500ms, 90s, 10m, 2h', duration),
    again: (options) => (hasTime(options) && !isMinutes(options) ? durationText(options.durationMs) : null),
  },
  seed: SEED,
  scenario: {
    ...row('<glob>', 'only scenarios whose name matches; may be repeated; --list names them', repeated),
    usualText: 'all',
    again: ({ scenarioGiven, scenarios }) => (scenarioGiven ? scenarios : null),
  },
  revert: {
    ...row('<slugs>', `take back exactly these fixes, comma between: ${REVERTIBLE.join(', ')}`, reverted),
    usualText: 'none',
    conflicts: ['build'],
    again: ({ revert }) => (revert.length > 0 ? revert.join() : null),
  },
  apply: {
    ...row('<slugs>', `apply exactly these fixes, which v3.17 lacks, comma between: ${APPLICABLE.join(', ')}`, applied),
    usualText: 'none',
    conflicts: ['build'],
    again: ({ apply }) => (apply.length > 0 ? apply.join() : null),
  },
  build: {
    ...choice('<which>', 'which builds to run', ['both', 'patched', 'reverted']),
    usual: 'both',
    again: ({ revert, apply, build }) => (revert.length + apply.length > 0 ? null : build),
  },
  rcu: {
    ...choice('<which>', 'whether a reader under RCU may be preempted, as with CONFIG_PREEMPT=y', RCUS),
    usualText: 'classic, but in scenarios about preempted readers',
  },
  roles: {
    ...row('<mix>', 'threads of each role, such as submitter=5,completer=3,kworker=2', roles),
    usualText: 'by scenario',
    again: (options) => (options.roles === null ? null : rolesText(options.roles)),
  },
  perturb: {
    ...choice('<how>', 'random stalls that widen races', ['none', 'light', 'heavy']),
    usualIn: (mode) => (mode === 'native' ? 'light' : 'none'),
    usualText: 'light, of a sweep none',
    only: 'native',
  },
  sanitize: {
    ...choice('<what>', 'checks of each memory access', ['address', 'none']),
    usualIn: (mode) => (mode === 'sweep' ? 'none' : 'address'),
    usualText: 'address, of a sweep none',
    only: 'native',
  },
  arenaMib: {
    ...whole('RAM of the machine, 16 to 1024 MiB', 16, 1024, 64),
    // What is known of who shares a word is copied for each scenario.
    usualIn: (mode) => (mode === 'det' ? 16 : 64),
    usualText: '64, of --engine det 16',
  },
  output: OUTPUT,
  failFast: toggle('stop at the first finding that should not be'),
  maxFindings: { ...whole('stop after so many findings', 1, Number.MAX_SAFE_INTEGER, 100), usual: 100 },
  reporter: { ...REPORTER, again: ({ reporters }) => reporters.join() },
  threshold: {
    ...row('<expression>', 'what must hold, such as "throughput.events > 1e5/s"; may be repeated', repeated),
    usualText: 'none',
    again: ({ thresholds }) => thresholds,
  },
  shard: {
    ...SHARD,
    only: 'native',
    again: ({ shard }) => (shard === null ? null : `${shard.index}/${shard.of}`),
  },
  sweep: {
    ...row('<widths>', 'the same load at several widths, such as threads=1,2,4,8,16', parseSweep),
    only: 'native',
    conflicts: ['threads', 'scenario', 'build', 'revert', 'apply', 'roles', 'shard', 'threshold'],
    again: ({ sweep }) => (sweep === null ? null : `threads=${sweep.join()}`),
  },
  explainSeconds: {
    ...whole('how long to look for a schedule that shows a finding, 0 for not at all', 0, 86_400, 20),
    usual: 20,
    again: ({ explainMs }) => explainMs / 1000,
  },
  json: JSON_RESULT,
  replay: row(
    '<schedule>',
    'run one schedule again: the word that a finding has, or its schedule.json',
    (text) => text,
  ),
  list: toggle('list the scenarios'),
  version: VERSION,
} satisfies StressTable;

export const DET = {
  engine: {
    ...choice('<which>', 'free threads, or one at a time, whose schedules can be replayed', ['native', 'det']),
    usual: 'native',
    again: ({ det }) => (det === null ? null : 'det'),
  },
  scheduler: {
    ...choice('<how>', 'det: who runs next', ['portfolio', ...POLICIES, 'dfs']),
    usual: 'portfolio',
    usualText: 'portfolio, which is random, pct and pos in turn',
    only: 'det',
  },
  depth: { ...whole('det: ordering constraints that a bug may need, for pct', 1, 17, 3), usual: 3, only: 'det' },
  schedules: {
    ...whole('det: so many for each scenario and build, instead of a time', 1, 1e9, 1000),
    only: 'det',
    conflicts: ['minutes', 'duration'],
  },
  maxSteps: {
    ...whole('det: steps of a schedule before it is cut off', 100, 1e9, 100_000),
    usual: 100_000,
    only: 'det',
  },
  deviations: {
    ...whole('det: bound of dfs, which runs all schedules that leave the default order so often', 0, 64, 2),
    usual: 2,
    only: 'det',
    conflicts: ['preemptions'],
    again: ({ det }) => (det?.bound.of === 'deviation' ? det.bound.most : null),
  },
  preemptions: {
    ...whole('det: bound of dfs by preemptions alone; who comes next is free', 0, 64, 1),
    only: 'det',
    again: ({ det }) => (det?.bound.of === 'preemption' ? det.bound.most : null),
  },
  memory: {
    ...choice('<model>', 'det: whether stores are seen at once, later, or in any order', MEMORIES),
    usual: 'sc',
    usualText: 'sc, which is all that dfs has',
    only: 'det',
  },
  selfCheck: {
    ...choice('<which>', 'det: schedules that are run twice to see that they are alike', SELF_CHECKS),
    usual: 'all',
    only: 'det',
  },
} satisfies StressTable;

export const STRESS = { ...RUN, ...DET };
export type StressGiven = Given<typeof STRESS>;
