// SPDX-License-Identifier: GPL-2.0-only
/** The fixes to take back, `--revert serialise_migration,exit_waits`, or to apply. */
import { APPLICABLE, inV317, isSlug, REVERTIBLE, refusedCombination, type Slug } from '../../src/reverts/registry.ts';
import { nearest, UsageError } from '../cli/usage_error.ts';

/** Reads one flag's list. @param allowed - fixes that the flag can name */
const slugs =
  (allowed: readonly Slug[]) =>
  (text: string, flag: string, before: readonly Slug[] = []): Slug[] => {
    const chosen = new Set<Slug>(before);
    for (const name of text.split(',').map((part) => part.trim())) {
      if (!isSlug(name)) {
        const [next] = nearest(name, allowed);
        throw new UsageError(
          'unknown-name',
          `${flag} knows no fix '${name}', the fixes are ${allowed.join(', ')}; type ` +
            (next === undefined ? '--list' : `${flag} ${next}`),
        );
      }
      if (!allowed.includes(name)) {
        const [has, other] = inV317(name) ? ['has', '--revert'] : ['lacks', '--apply'];
        throw new UsageError(
          'contradiction',
          `${flag} ${name}: v3.17 ${has} that fix, and ${flag} names only those that it ` +
            `${has === 'has' ? 'lacks' : 'has'}; type ${other} ${name}`,
        );
      }
      chosen.add(name);
    }
    return [...chosen];
  };

export const reverted = slugs(REVERTIBLE);
export const applied = slugs(APPLICABLE);

/** @throws UsageError for a build that makes no sense */
export function checkBuild(given: { readonly revert?: readonly Slug[]; readonly apply?: readonly Slug[] }): void {
  const { revert = [], apply = [] } = given;
  const refused = refusedCombination({ reverted: revert, applied: apply });
  if (refused === null) return;
  const flag = revert.length > 0 ? '--revert' : '--apply';
  const said = [
    ...(revert.length > 0 ? [`--revert ${revert.join()}`] : []),
    ...(apply.length > 0 ? [`--apply ${apply.join()}`] : []),
  ];
  throw new UsageError('contradiction', `${said.join(' ')}: ${refused}; type ${flag} ${[...revert, ...apply][0]}`);
}
