// SPDX-License-Identifier: GPL-2.0-only
/** What a run is asked to do: the command line, checked and with every default filled in. */

import { randomInt } from 'node:crypto';
import type { Slug } from '../../src/reverts/registry.ts';
import { checkOutput } from '../cli/output.ts';
import { shellWord } from '../cli/shell.ts';
import type { LeftOut, Shard } from '../result/run_result.ts';
import type { KnownScenario } from '../scenarios/scenario.ts';
import { type BUILDS, type PERTURB, readStressCommand, type SANITIZE, THREADS_MAX } from './command.ts';
import { type DetOptions, detArguments, detOptions, smallOnes } from './det.ts';
import { DEFAULT_REPORTERS, type Reporter } from './reporters.ts';
import { type RoleCounts, rolesText, threadsOf } from './roles.ts';
import { chosenScenarios, fitting } from './scenarios.ts';

export { UsageError } from '../cli/usage_error.ts';

export interface Options {
  readonly kind: 'run';
  readonly threads: number;
  readonly durationMs: number;
  /** Names. */
  readonly scenarios: readonly string[];
  /** Those that need more threads than there are. */
  readonly leftOut: readonly LeftOut[];
  readonly scenarioGiven: boolean;
  readonly build: (typeof BUILDS)[number];
  /** Fixes to take back; if there are any, `build` says nothing. */
  readonly revert: readonly Slug[];
  readonly seed: number;
  readonly roles: RoleCounts | null;
  readonly perturb: (typeof PERTURB)[number];
  readonly sanitize: (typeof SANITIZE)[number];
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

/** What was asked for instead of a run. */
export type Asked =
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'version' }
  | { readonly kind: 'list'; readonly scenarios: readonly string[] }
  | { readonly kind: 'replay'; readonly schedule: string; readonly json: boolean };

/** A sweep measures, and what widens races or checks accesses is in its way. */
const defaults = (sweep: unknown, det: unknown): Pick<Options, 'perturb' | 'sanitize'> =>
  sweep === undefined || sweep === null
    ? { perturb: det === null ? 'light' : 'none', sanitize: 'address' }
    : { perturb: 'none', sanitize: 'none' };

/** MiB. What is known of who shares a word is copied for each scenario. */
const usualArena = (det: unknown): number => (det === null ? 64 : 16);

const EXPLAIN_SECONDS = 20;

/** @throws UsageError */
export function parseOptions(argv: readonly string[], knownScenarios: readonly KnownScenario[]): Options | Asked {
  const typed = readStressCommand(argv);
  if (typeof typed === 'string') return { kind: 'help', text: typed };
  if (typed.version) return { kind: 'version' };
  if (typed.replay !== undefined) return { kind: 'replay', schedule: typed.replay, json: typed.json ?? false };
  const det = detOptions(typed);

  const { revert } = typed;
  const scenarioGiven = typed.scenario.length > 0;
  const byDefault = det === null ? knownScenarios : smallOnes(knownScenarios);
  const all = typed.list || (det !== null && scenarioGiven);
  const listed = all ? knownScenarios.map((known) => ({ ...known, onlyByName: false })) : byDefault;
  const matched = chosenScenarios(scenarioGiven ? typed.scenario : ['*'], listed);
  if (typed.list) return { kind: 'list', scenarios: matched };

  const roles = typed.roles ?? null;
  const chosen = knownScenarios.filter(
    ({ name, fixedBy }) =>
      matched.includes(name) && (scenarioGiven || revert.length === 0 || fixedBy.some((slug) => revert.includes(slug))),
  );
  const usualThreads = det === null ? 16 : Math.max(...chosen.map(({ minThreads }) => minThreads));
  const threads = roles === null ? (typed.threads ?? usualThreads) : threadsOf(roles, typed.threads, THREADS_MAX);
  const { fit, leftOut } = fitting(chosen, threads, roles !== null, typed.scenario);
  checkOutput(typed.output);
  const usual = { ...defaults(typed.sweep, det), arenaMib: usualArena(det) };
  const { build, arenaMib, output, maxFindings, perturb, sanitize } = { ...usual, ...typed };
  return {
    kind: 'run',
    threads,
    durationMs: typed.minutes ?? typed.duration ?? 60_000,
    scenarios: fit.map(({ name }) => name),
    leftOut,
    scenarioGiven,
    build,
    revert,
    seed: typed.seed ?? randomInt(2 ** 32),
    roles,
    perturb,
    sanitize,
    arenaMib,
    json: typed.json ?? false,
    output,
    failFast: typed.failFast ?? false,
    maxFindings,
    reporters: typed.reporter,
    thresholds: typed.threshold,
    shard: typed.shard ?? null,
    sweep: typed.sweep ?? null,
    explainMs: (typed.explainSeconds ?? EXPLAIN_SECONDS) * 1000,
    det,
  };
}

function durationArguments(ms: number): string[] {
  if (ms % 60_000 === 0) return ['--minutes', String(ms / 60_000)];
  return ['--duration', ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`];
}

/** Arguments that run the same again, seed included, as they are typed behind `npm run stress --`. */
export function againLine(options: Options): string {
  const { det } = options;
  const words = det === null ? [] : detArguments(det);
  if (options.sweep === null && det?.threadsGiven !== false) words.push('--threads', String(options.threads));
  if ((det?.schedules ?? null) === null) words.push(...durationArguments(options.durationMs));
  words.push('--seed', String(options.seed));
  if (options.scenarioGiven) for (const name of options.scenarios) words.push('--scenario', name);
  if (options.revert.length > 0) words.push('--revert', options.revert.join(','));
  else if (options.build !== 'both') words.push('--build', options.build);
  if (options.roles !== null) words.push('--roles', rolesText(options.roles));
  const usual = defaults(options.sweep, det);
  if (options.perturb !== usual.perturb) words.push('--perturb', options.perturb);
  if (options.sanitize !== usual.sanitize) words.push('--sanitize', options.sanitize);
  if (options.arenaMib !== usualArena(det)) words.push('--arena-mib', String(options.arenaMib));
  if (options.output !== 'reports') words.push('--output', options.output);
  if (options.failFast) words.push('--fail-fast');
  if (options.maxFindings !== 100) words.push('--max-findings', String(options.maxFindings));
  if (options.reporters.join() !== DEFAULT_REPORTERS.join()) words.push('--reporter', options.reporters.join());
  for (const expression of options.thresholds) words.push('--threshold', expression);
  if (options.shard !== null) words.push('--shard', `${options.shard.index}/${options.shard.of}`);
  if (options.sweep !== null) words.push('--sweep', `threads=${options.sweep.join()}`);
  if (options.explainMs !== EXPLAIN_SECONDS * 1000) words.push('--explain-seconds', String(options.explainMs / 1000));
  if (options.json) words.push('--json');
  return words.map(shellWord).join(' ');
}
