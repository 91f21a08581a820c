// SPDX-License-Identifier: GPL-2.0-only
/** The kernel's primitives on real threads: what must hold, and for each a broken form that must be found out. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { complaints, type Outcome, type TortureOptions, TorturePool } from './pool.ts';

let pool: TorturePool;
beforeAll(() => {
  pool = new TorturePool(6);
});
afterAll(() => pool.destroy());

/** Runs a body and expects it to go well. */
async function passes(body: string, options: Partial<TortureOptions> = {}): Promise<Outcome> {
  const outcome = await pool.run(body, options);
  expect(complaints(outcome)).toEqual([]);
  expect(outcome.died).toEqual([]);
  return outcome;
}

/** Runs a broken body ever longer until something is wrong. */
async function caught(body: string, options: Partial<TortureOptions>): Promise<string[]> {
  let found: string[] = [];
  let iterations = options.iterations ?? 500;
  for (let attempt = 0; attempt < 8 && found.length === 0; attempt++, iterations *= 3) {
    found = complaints(await pool.run(body, { ...options, iterations, seed: attempt }));
  }
  expect(found).not.toEqual([]);
  return found;
}

describe('sleeping', () => {
  it.each(['wake_up', 'waitqueue_active'])('wait queues lose no wake-up: %s', async (variant) => {
    await passes('wait_queue_ring', { variant, iterations: 1500 });
  });
  it('wait queues lose no wake-up while CPUs are stalled', async () => {
    await passes('wait_queue_ring', { variant: 'waitqueue_active', iterations: 150, perturb: 'heavy' });
  });
  it('a wait that tests before it prepares is caught', () =>
    caught('wait_queue_ring', { variant: 'test_before_prepare', perturb: 'heavy', threads: 2 }));
  it.each(['forever', 'timeouts'])('park and unpark: %s', async (variant) => {
    await passes('park_ring', { variant, iterations: 1500 });
  });
  it('a signal wakes a sleeper wherever it is on its way to sleep', async () => {
    await passes('signals', { threads: 2, iterations: 4000 });
  });
  it('completions on the stack are not touched after the waiter returned', async () => {
    await passes('completion_on_stack', { sanitize: true });
  });
  it.each(['none', 'heavy'] as const)('a completion with many waiters (perturb %s)', async (perturb) => {
    await passes('completion_shared', { iterations: 1500, threads: 6, perturb });
  });
});

describe('RCU', () => {
  it.each([
    { variant: 'call_rcu', iterations: 400 },
    { variant: 'synchronize_rcu', iterations: 60 },
  ])('readers see no freed object: $variant', async (options) => {
    const { counts } = await passes('rcu', { ...options, sanitize: true });
    expect(counts['updates']).toBe(options.iterations);
    expect(counts['reads']).toBeGreaterThan(0);
  });
  it('readers see no freed object while CPUs are stalled', async () => {
    await passes('rcu', { variant: 'call_rcu', sanitize: true, iterations: 400, perturb: 'heavy' });
  });
  it('a free without a grace period is caught by KASAN', async () => {
    const found = await caught('rcu', { variant: 'no_grace_period', sanitize: true, perturb: 'heavy' });
    expect(found.join()).toMatch(/kasan:use-after-free.*torture_rcu_object/);
  });
});

describe('percpu_ref', () => {
  it('is released once, and not before the last put', async () => {
    const { counts } = await passes('percpu_ref_kill_race', { variant: 'kill', sanitize: true, iterations: 100 });
    expect(counts['released']).toBe(100);
  });
  it('is released once while CPUs are stalled', async () => {
    await passes('percpu_ref_kill_race', { variant: 'kill', sanitize: true, iterations: 40, perturb: 'heavy' });
  });
  it('a kill without a grace period is caught', () =>
    caught('percpu_ref_kill_race', {
      variant: 'kill_without_grace_period',
      sanitize: true,
      perturb: 'heavy',
      iterations: 50,
    }));
});

describe('workqueue', () => {
  it.each([true, false])('work runs once for each time it was queued (KASAN %s)', async (sanitize) => {
    const { counts } = await passes('workqueue', { sanitize, iterations: 3000 });
    expect(counts['runs']).toBeGreaterThan(0);
  });
});

describe('memory', () => {
  it.each(['slab', 'pages'])('%s hand nothing out twice', async (variant) => {
    await passes('alloc', { variant, iterations: 20_000 });
  });
  it.each(['slab', 'pages'])('%s hand nothing out twice, with KASAN', async (variant) => {
    await passes('alloc', { variant, iterations: 6000, sanitize: true });
  });
  it.each([
    { sanitize: false, perturb: 'none', iterations: 5000 },
    { sanitize: true, perturb: 'none', iterations: 5000 },
    { sanitize: true, perturb: 'heavy', iterations: 20_000 },
  ] as const)('a user word survives the migration of its page: %o', async (options) => {
    const { counts } = await passes('migration', { variant: 'uaccess', ...options });
    expect(counts['moved']).toBeGreaterThan(0);
  });
  it('user accesses that nobody announced are caught', () =>
    caught('migration', { variant: 'unannounced', iterations: 3000, sanitize: true, perturb: 'light' }));
  it('eventfd loses nothing', async () => {
    const { counts } = await passes('eventfd', { iterations: 5000 });
    expect(counts['difference']).toBe(0);
  });
});

describe('the pool itself', () => {
  it('gives up a machine in which everybody sleeps', async () => {
    const outcome = await pool.run('stuck', { patience_ms: 100 });
    expect(outcome.hung).toBe(true);
    expect(outcome.died).toEqual(['aborted', 'aborted', 'aborted', 'aborted']);
  });
  it('ends the others when a CPU dies, and keeps its record', async () => {
    const outcome = await pool.run('null_dereference', { threads: 3 });
    expect(outcome.hung).toBe(false);
    expect([...outcome.died].sort()).toEqual(['aborted', 'aborted', 'oops:null-dereference']);
    expect(outcome.records).toMatchObject([{ kind: 'oops:null-dereference', cpu: 1, role: 'null_dereference1' }]);
  });
  it('runs a good body after that', async () => {
    await passes('park_ring', { variant: 'forever', iterations: 50 });
  });
});
