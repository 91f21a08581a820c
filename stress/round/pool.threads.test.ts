// SPDX-License-Identifier: GPL-2.0-only
/** A thread that the host ends is no finding: the round breaks off, and who runs it is told why. */
import { setFlagsFromString } from 'node:v8';
import { afterEach, expect, test } from 'vitest';
import type { Role } from '../../workers/protocol.ts';
import { runSchedule } from '../det/round.ts';
import { type Scenario, workload } from '../scenarios/scenario.ts';
import { Pool } from './pool.ts';
import { type RoundSpec, runRound } from './round.ts';

const ROLES: Role[] = ['kworker', 'kworker', 'completer', 'submitter'];
const ENTRY = 'dist/workers/testing/greedy_cpu.js';
const HEAP = /a thread used up its heap.*; type NODE_OPTIONS=--max-old-space-size=\d+ before the same command/;
const TEST_MS = 60_000;

// Of threads that are started from now on.
setFlagsFromString('--max-old-space-size=48');

const SCENARIO: Scenario = {
  name: 'greedy',
  description: 'a submitter that uses up the heap of its thread',
  fixedBy: [],
  native: true,
  roles: {},
  shows: [],
  books: true,
  draw: () => workload({ contexts: 1 }),
  outcomes: {},
  goals: {},
};
const SPEC: RoundSpec = {
  scenario: SCENARIO,
  reverted: [],
  number: 0,
  seed: 1,
  roles: ROLES,
  perturb: 'none',
  runMs: 20_000,
  stop: new AbortController().signal,
  watch: () => {},
};

let pool: Pool;
afterEach(() => pool.close());

test(
  'free threads: heap that is used up breaks a round off, and shows nothing of the kernel',
  async () => {
    pool = new Pool(ROLES.length, 64, true, false, ENTRY);
    expect(() => pool.checkThreads()).not.toThrow();
    const { records, whole, ranMs } = await runRound(pool, SPEC);
    expect(records.map(({ kind, title }) => `${kind}: ${title}`)).toEqual([]);
    expect(whole).toBe(false);
    expect(ranMs).toBeLessThan(SPEC.runMs);
    expect(() => pool.checkThreads()).toThrow(HEAP);
  },
  TEST_MS,
);

test(
  'one thread at a time: the same, and nobody waits for the baton',
  async () => {
    pool = new Pool(ROLES.length, 16, true, true, ENTRY);
    const how = { scheduler: 'random', seed: 1, depth: 3, points: 1, script: [] } as const;
    await expect(
      runSchedule(pool, {
        ...SPEC,
        how: { ...how, listChoices: false, stopAtFinding: true },
        maxSteps: 10_000,
      }),
    ).rejects.toThrow(HEAP);
  },
  TEST_MS,
);
