// SPDX-License-Identifier: GPL-2.0-only
/** Which scenarios a run is about, by glob over their names, and the fixes to take back, by slug. */
import picomatch from 'picomatch';
import { isSlug, refusedCombination, SLUGS, type Slug } from '../src/reverts/registry.ts';
import { nearest, UsageError } from './options_error.ts';

export interface KnownScenario {
  readonly name: string;
  readonly minThreads: number;
  /** Chosen by its whole name only. */
  readonly onlyByName: boolean;
}

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

/** Refuses a number of threads which none of the chosen scenarios can run with. */
export function checkThreads(threads: number, chosen: readonly KnownScenario[], rolesGiven: boolean): void {
  const least = chosen.reduce<KnownScenario | null>(
    (a, b) => (a === null || b.minThreads < a.minThreads ? b : a),
    null,
  );
  if (least === null || threads >= least.minThreads) return;
  const given = rolesGiven ? `--roles with ${threads} threads` : `--threads ${threads}`;
  throw new UsageError(
    'too-few-threads',
    `${given} is too few, ${least.name} needs at least ${least.minThreads}` +
      `${chosen.length > 1 ? ' and no chosen scenario needs fewer' : ''}; ` +
      `type ${rolesGiven ? 'larger numbers in --roles' : `--threads ${least.minThreads}`}`,
  );
}

export function slugs(text: string, before: readonly Slug[]): Slug[] {
  const chosen = new Set<Slug>(before);
  for (const name of text.split(',').map((part) => part.trim())) {
    if (!isSlug(name)) {
      throw new UsageError(
        'unknown-name',
        `--revert knows no fix '${name}', the fixes are ${SLUGS.join(', ')}; type --revert ${nearest(name, SLUGS)[0]}`,
      );
    }
    chosen.add(name);
  }
  const refused = refusedCombination([...chosen]);
  if (refused !== null) {
    const [first] = chosen;
    throw new UsageError('contradiction', `--revert ${[...chosen].join(',')}: ${refused}; type --revert ${first}`);
  }
  return [...chosen];
}
