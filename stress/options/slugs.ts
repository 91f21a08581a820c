// SPDX-License-Identifier: GPL-2.0-only
/** The fixes to take back: `--revert serialise_migration,exit_waits`. */
import { isSlug, refusedCombination, SLUGS, type Slug } from '../../src/reverts/registry.ts';
import { nearest, UsageError } from '../cli/usage_error.ts';

export function slugs(text: string, flag: string, before: readonly Slug[] = []): Slug[] {
  const chosen = new Set<Slug>(before);
  for (const name of text.split(',').map((part) => part.trim())) {
    if (!isSlug(name)) {
      throw new UsageError(
        'unknown-name',
        `${flag} knows no fix '${name}', the fixes are ${SLUGS.join(', ')}; type ${flag} ${nearest(name, SLUGS)[0]}`,
      );
    }
    chosen.add(name);
  }
  const refused = refusedCombination([...chosen]);
  if (refused !== null) {
    const [first] = chosen;
    throw new UsageError('contradiction', `${flag} ${[...chosen].join(',')}: ${refused}; type ${flag} ${first}`);
  }
  return [...chosen];
}
