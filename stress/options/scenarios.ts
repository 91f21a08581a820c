// SPDX-License-Identifier: GPL-2.0-only
/** Which scenarios a run is about, by glob over their names. */
import picomatch from 'picomatch';
import { nearest, UsageError } from '../cli/usage_error.ts';
import type { LeftOut } from '../result/run_result.ts';
import type { KnownScenario } from '../scenarios/scenario.ts';

/** picomatch throws for what it cannot read, such as an empty pattern; that matches nothing. */
function matcher(glob: string): (name: string) => boolean {
  try {
    const matches = picomatch(glob);
    return (name) => matches(name);
  } catch {
    return () => false;
  }
}

/** Names that any of the globs matches, in the order in which they are known. */
export function chosenScenarios(globs: readonly string[], known: readonly KnownScenario[]): string[] {
  const names = known.map((scenario) => scenario.name);
  const chosen = new Set<string>();
  for (const glob of globs) {
    const matching = matcher(glob);
    const matches = known
      .filter(({ name, onlyByName }) => name === glob || (!onlyByName && matching(name)))
      .map(({ name }) => name);
    if (matches.length === 0) {
      const like = nearest(glob, names);
      throw new UsageError(
        'unknown-name',
        `--scenario '${glob}' matches no scenario, the nearest are ${like.join(', ')}; ` +
          `type --scenario ${like[0]}, or --list for all of them`,
      );
    }
    for (const name of matches) chosen.add(name);
  }
  return names.filter((name) => chosen.has(name));
}

/**
 * Parts the chosen in those that can run with so many threads, and the others.
 *
 * @param globs - as typed
 * @throws UsageError if a scenario cannot run that was asked for by its name, or none can
 */
export function fitting(
  chosen: readonly KnownScenario[],
  threads: number,
  rolesGiven: boolean,
  globs: readonly string[],
): { readonly fit: readonly KnownScenario[]; readonly leftOut: readonly LeftOut[] } {
  const fit = chosen.filter(({ minThreads }) => minThreads <= threads);
  const others = chosen.filter((scenario) => !fit.includes(scenario));
  const named = others.find(({ name }) => globs.includes(name));
  const refused = named ?? (fit.length === 0 ? others.reduce((a, b) => (b.minThreads < a.minThreads ? b : a)) : null);
  if (refused === null) return { fit, leftOut: others.map((s) => ({ scenario: s.name, threads: s.minThreads })) };
  const given = rolesGiven ? `--roles with ${threads} threads` : `--threads ${threads}`;
  throw new UsageError(
    'too-few-threads',
    `${given} is too few, ${refused.name} needs at least ${refused.minThreads}` +
      `${refused === named || chosen.length === 1 ? '' : ' and no chosen scenario needs fewer'}; ` +
      `type ${rolesGiven ? 'larger numbers in --roles' : `--threads ${refused.minThreads}`}` +
      `${fit.length > 0 ? ', or leave that scenario out' : ''}`,
  );
}
