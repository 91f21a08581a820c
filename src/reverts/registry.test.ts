// SPDX-License-Identifier: GPL-2.0-only
/** Which fixes can be taken back, alone and together. */
import { afterEach, expect, test } from 'vitest';
import { applyReverts, fixed, isSlug, refusedCombination, SLUGS, type Slug } from './registry.ts';

afterEach(() => applyReverts([]));

/** Every set of slugs. */
const combinations = (): Slug[][] =>
  Array.from({ length: 1 << SLUGS.length }, (_, bits) => SLUGS.filter((_slug, i) => (bits & (1 << i)) !== 0));

test('every combination is allowed but those with refcount_requests and track_ring_occupancy', () => {
  for (const reverted of combinations()) {
    const both = reverted.includes('refcount_requests') && reverted.includes('track_ring_occupancy');
    expect(refusedCombination(reverted) !== null).toBe(both);
  }
});

test('a refusal names both, and says why', () => {
  expect(refusedCombination(['track_ring_occupancy', 'refcount_requests'])).toMatch(
    /^refcount_requests and track_ring_occupancy cannot be reverted together: .*twice/,
  );
});

test('what is reverted is not fixed, and everything else is', () => {
  for (const reverted of combinations()) {
    applyReverts(reverted);
    expect(SLUGS.filter((slug) => !fixed[slug])).toEqual(reverted);
  }
});

test('a slug is a name of the registry, and nothing that all objects have', () => {
  expect(SLUGS.every(isSlug)).toBe(true);
  for (const name of ['', 'toString', 'constructor', 'exit_Waits']) expect(isSlug(name)).toBe(false);
});
