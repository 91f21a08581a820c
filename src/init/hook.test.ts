// SPDX-License-Identifier: GPL-2.0-only
/** The native engine's hook: null if there is nothing to do, and otherwise a check of every access, stalled or not. */
import { beforeEach, describe, expect, it } from 'vitest';
import { type Hook, LOAD, PLAIN, STORE } from '../arch/sab/access.ts';
import { local_irq_disable, local_irq_enable, setCpu } from '../arch/sab/cpu.ts';
import { Prng } from '../arch/sab/prng.ts';
import { makeHook, PERTURBATIONS } from './hook.ts';

it('is null when nothing is hooked: full speed', () => {
  expect(makeHook(null, 'none', new Prng(1))).toBeNull();
});
it.each(PERTURBATIONS)('checks every access, perturbed %s', (perturbation) => {
  const seen: number[] = [];
  const hook = makeHook((op, addr, bytes) => seen.push(op, addr, bytes), perturbation, new Prng(1));
  for (let i = 0; i < 5000; i++) hook?.access(i % 2 === 0 ? LOAD : STORE, i, 4, PLAIN);
  expect(seen.length).toBe(15_000);
  expect(seen.slice(3, 6)).toEqual([STORE, 1, 4]);
});
it.each(['light', 'heavy'] as const)('draws its stalls from the seed, %s', (perturbation) => {
  // The generator says how many numbers were drawn: as many for the same seed and accesses.
  const drawn = (seed: number): number => {
    const prng = new Prng(seed);
    const hook = makeHook(null, perturbation, prng);
    for (let i = 0; i < 60_000; i++) hook?.access(LOAD, 0, 4, PLAIN);
    return prng.next();
  };
  expect(drawn(5)).toBe(drawn(5));
  expect(drawn(5)).not.toBe(drawn(6));
  const untouched = new Prng(5);
  untouched.next();
  expect(drawn(5)).not.toBe(untouched.next());
});

describe('interrupts', () => {
  let taken = 0;
  const line = { every: 100, pending: () => true, handle: () => taken++ };
  beforeEach(() => {
    taken = 0;
    setCpu(0, 1);
  });
  const accesses = (hook: Hook | null, count: number): void => {
    for (let i = 0; i < count; i++) hook?.access(LOAD, 0, 4, PLAIN);
  };

  it.each(PERTURBATIONS)('come once in so many accesses, perturbed %s', (perturbation) => {
    accesses(makeHook(null, perturbation, new Prng(1), line), 20_000);
    expect(taken).toBeGreaterThan(150);
    expect(taken).toBeLessThan(250);
  });
  it('do not come while they are off, nor more often for it afterwards', () => {
    const hook = makeHook(null, 'none', new Prng(1), line);
    local_irq_disable();
    accesses(hook, 20_000);
    expect(taken).toBe(0);
    local_irq_enable();
    accesses(hook, 20_000);
    expect(taken).toBeLessThan(250);
  });
  it('do not come where the device has nothing', () => {
    accesses(makeHook(null, 'none', new Prng(1), { ...line, pending: () => false }), 1000);
    expect(taken).toBe(0);
  });
});
