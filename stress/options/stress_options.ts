// SPDX-License-Identifier: GPL-2.0-only
/** From what was typed to what a run is asked to do, and back to a line that can be typed. */
import { randomInt } from 'node:crypto';
import { type Filled, filled, flagOf } from '../cli/option_table.ts';
import { checkOutput } from '../cli/output.ts';
import { shellWord } from '../cli/shell.ts';
import { UsageError } from '../cli/usage_error.ts';
import type { KnownScenario } from '../scenarios/scenario.ts';
import { parseThreshold } from '../threshold/threshold.ts';
import { detOptions, smallOnes } from './det.ts';
import { modeOf, type Options } from './options.ts';
import { threadsOf } from './roles.ts';
import { chosenScenarios, fitting } from './scenarios.ts';
import { checkBuild } from './slugs.ts';
import { DET, RUN, STRESS, type StressGiven, type StressRow, THREADS_MAX } from './table.ts';

/** The names that `--list` asks for. */
export interface Listed {
  readonly kind: 'list';
  readonly scenarios: readonly string[];
}

type Chosen = Pick<Options, 'scenarios' | 'leftOut' | 'scenarioGiven' | 'threads'>;

/** @returns the names that `--list` asks for, or what is run with how many threads @throws UsageError */
function choose(given: StressGiven, known: readonly KnownScenario[]): Chosen | readonly string[] {
  const { revert = [], apply = [], scenario = [], roles, list } = given;
  const named = [...revert, ...apply];
  const det = given.engine === 'det';
  const scenarioGiven = scenario.length > 0;
  const byDefault = det ? smallOnes(known) : known;
  const all = list || (det && scenarioGiven);
  const listed = all ? known.map((one) => ({ ...one, onlyByName: false })) : byDefault;
  const matched = chosenScenarios(scenarioGiven ? scenario : ['*'], listed);
  if (list) return matched;
  const chosen = known.filter(
    ({ name, fixedBy }) =>
      matched.includes(name) && (scenarioGiven || named.length === 0 || fixedBy.some((slug) => named.includes(slug))),
  );
  const usual = det ? Math.max(...chosen.map(({ minThreads }) => minThreads)) : 16;
  const threads = roles === undefined ? (given.threads ?? usual) : threadsOf(roles, given.threads, THREADS_MAX);
  const { fit, leftOut } = fitting(chosen, threads, roles !== undefined, scenario);
  return { scenarios: fit.map(({ name }) => name), leftOut, scenarioGiven, threads };
}

/** @throws UsageError for an option that means nothing to the engine */
function checkEngine(given: StressGiven, engine: 'native' | 'det'): void {
  for (const [name, row] of Object.entries<StressRow<unknown>>(STRESS)) {
    const flag = flagOf(name);
    if (row.only === undefined || row.only === engine || given[name as keyof StressGiven] === undefined) continue;
    throw new UsageError(
      'contradiction',
      row.only === 'det'
        ? `${flag} is for the deterministic engine and the engine is native; ` +
            `type --engine det ${flag} …, or leave it out`
        : `${flag} is for free threads and the engine is det; leave ${flag} out, or --engine det`,
    );
  }
}

/** @throws UsageError */
export function optionsOf(given: StressGiven, known: readonly KnownScenario[]): Options | Listed {
  const typed: Filled<typeof STRESS> = filled(STRESS, given);
  const { build, maxFindings, output, reporter } = typed;
  given.threshold?.forEach(parseThreshold);
  checkEngine(given, typed.engine);
  checkBuild(given);
  const det = detOptions(given);
  const chosen = choose(given, known);
  if (!('threads' in chosen)) return { kind: 'list', scenarios: chosen };
  checkOutput(output);
  const sweep = given.sweep ?? null;
  const mode = modeOf({ sweep, det });
  return {
    kind: 'run',
    ...chosen,
    durationMs: given.minutes ?? given.duration ?? 60_000,
    build,
    revert: given.revert ?? [],
    apply: given.apply ?? [],
    rcu: given.rcu ?? null,
    seed: given.seed ?? randomInt(2 ** 32),
    roles: given.roles ?? null,
    perturb: given.perturb ?? RUN.perturb.usualIn(mode),
    sanitize: given.sanitize ?? RUN.sanitize.usualIn(mode),
    arenaMib: given.arenaMib ?? RUN.arenaMib.usualIn(mode),
    json: given.json ?? false,
    output,
    failFast: given.failFast ?? false,
    maxFindings,
    reporters: reporter,
    thresholds: given.threshold ?? [],
    shard: given.shard ?? null,
    sweep,
    explainMs: typed.explainSeconds * 1000,
    det,
  };
}

/** The words of one option. */
function wordsOf(options: Options, name: string, row: StressRow<unknown>): string[] {
  const has: Readonly<Record<string, unknown>> = { ...options, ...options.det };
  const said = row.again === undefined ? (has[name] ?? null) : row.again(options);
  const usual = row.usualIn === undefined ? row.usual : row.usualIn(modeOf(options));
  if (said === null || said === false || String(said) === String(usual)) return [];
  if (said === true) return [flagOf(name)];
  return [said].flat().flatMap((one) => [flagOf(name), String(one)]);
}

/** Arguments that run the same again, seed included, as they are typed behind `npm run stress --`. */
export const againLine = (options: Options): string =>
  Object.entries<StressRow<unknown>>({ ...DET, ...RUN })
    .flatMap(([name, row]) => (options.det === null && row.only === 'det' ? [] : wordsOf(options, name, row)))
    .map(shellWord)
    .join(' ');
