// SPDX-License-Identifier: GPL-2.0-only
/** Which fixes can be taken back or applied, alone and together. */
import { afterEach, expect, test } from 'vitest';
import {
  APPLICABLE,
  type Build,
  buildOf,
  buildWith,
  buildWithout,
  FIXES,
  type Fix,
  fixed,
  isSlug,
  lacks,
  REVERTIBLE,
  refusedCombination,
  SLUGS,
  type Slug,
  setBuild,
} from './registry.ts';

const V317: Build = { reverted: [] };
afterEach(() => setBuild(V317));

/** Every set of one or two slugs, and all. */
const builds = (): Build[] => {
  const sets = [...SLUGS.flatMap((a) => SLUGS.map((b) => [...new Set([a, b])])), SLUGS];
  return sets.map((set) => ({
    reverted: set.filter((slug) => REVERTIBLE.includes(slug)),
    applied: set.filter((slug) => APPLICABLE.includes(slug)),
  }));
};

test('a build is v3.17 but for what is reverted or applied', () => {
  setBuild(V317);
  expect(SLUGS.filter((slug) => fixed[slug])).toEqual(REVERTIBLE);
  for (const build of builds()) {
    setBuild(build);
    for (const slug of SLUGS) {
      const { rewrites } = FIXES[slug] as Fix;
      const named = [...build.reverted, ...(build.applied ?? [])];
      const changed = named.some((name) => name === slug || name === rewrites);
      expect(fixed[slug], slug).toBe(FIXES[slug].inV317 !== changed);
      expect(lacks(build, slug)).toBe(!fixed[slug]);
    }
  }
});

test('a fix that rewrote an earlier one is not there without it, which the earlier one is without the later', () => {
  const rewriting = SLUGS.filter((slug) => 'rewrites' in FIXES[slug]);
  expect(rewriting).toEqual(['serialise_migration', 'track_ring_occupancy']);
  for (const slug of rewriting) {
    const earlier = (FIXES[slug] as Fix).rewrites as Slug;
    expect(isSlug(earlier), earlier).toBe(true);
    expect([lacks(buildWithout(earlier), slug), lacks(buildWithout(slug), earlier)]).toEqual([true, false]);
  }
});

test('with and without a fix are two builds, one of which is v3.17', () => {
  for (const slug of SLUGS) {
    expect([lacks(buildWithout(slug), slug), lacks(buildWith(slug), slug)]).toEqual([true, false]);
    expect([buildWithout(slug), buildWith(slug)]).toContainEqual(V317);
  }
});

test('a build on record says what is applied only where something is', () => {
  expect(buildOf({ reverted: ['exit_waits'], applied: [] })).toEqual({ reverted: ['exit_waits'] });
  expect(buildOf({ reverted: [], applied: ['unmap_failed_ring'] }).applied).toEqual(['unmap_failed_ring']);
});

test('one fix alone is never refused, and a refusal names both and says why', () => {
  for (const slug of SLUGS) {
    expect([refusedCombination(buildWithout(slug)), refusedCombination(buildWith(slug))]).toEqual([null, null]);
  }
  expect(refusedCombination({ reverted: ['track_ring_occupancy', 'refcount_requests'] })).toMatch(
    /^refcount_requests and track_ring_occupancy cannot be reverted together: .*twice/,
  );
});

test('a slug is a name of the registry, and nothing that all objects have', () => {
  expect(SLUGS.every(isSlug)).toBe(true);
  for (const name of ['', 'toString', 'constructor', 'exit_Waits']) expect(isSlug(name)).toBe(false);
});
