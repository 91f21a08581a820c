// SPDX-License-Identifier: GPL-2.0-only
/**
 * Rounds on real threads: each race surfaces where its fix is reverted, nothing shows where it is not, and a round that
 * goes wrong ends as a finding and leaves a pool that works.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OopsRecord } from '../../src/kernel/oops.ts';
import type { Slug } from '../../src/reverts/registry.ts';
import { SCENARIOS } from '../scenarios/index.ts';
import { isKnown } from '../scenarios/known.ts';
import { assignRoles } from '../scenarios/roles.ts';
import { isShown, type Scenario, workload } from '../scenarios/scenario.ts';
import { Pool } from './pool.ts';
import { type RoundResult, runRound } from './round.ts';

const THREADS = 10;
/** Rounds are bounded by their number; on a busy machine they take their time. */
const TEST_MS = 150_000;
let pool: Pool;
let number = 0;
const never = new AbortController().signal;

beforeAll(() => {
  pool = new Pool(THREADS, 64, true);
});
afterAll(async () => {
  await pool.close();
});

const round = (scenario: Scenario, reverted: readonly Slug[], seed: number, runMs: number): Promise<RoundResult> =>
  runRound(pool, {
    scenario,
    reverted,
    number: number++,
    seed,
    roles: assignRoles(scenario, THREADS, null),
    perturb: 'light',
    runMs,
    stop: never,
    watch: () => {},
  });

const unknown = ({ records, operations }: RoundResult): OopsRecord[] =>
  records.filter((record) => !isKnown(record, { reverted: [] }, operations));

describe('a race surfaces where its fix is reverted', () => {
  // Generous: most show in the first round or two.
  const ROUNDS_MAX = 60;
  // The small forms are for schedules: free threads need more turns.
  const races = SCENARIOS.filter(({ native, fixedBy, onlyByName }) => native && fixedBy.length > 0 && !onlyByName);
  test.each(races.map((s) => [s.fixedBy.join(), s] as const))(
    '%s',
    async (_, scenario) => {
      for (let seed = 1; seed <= ROUNDS_MAX; seed++) {
        const { records } = await round(scenario, scenario.fixedBy, seed, 400);
        const foreign = records.filter(({ kind }) => !isShown(scenario, kind));
        expect(foreign.map(({ kind, title }) => `${kind}: ${title}`)).toEqual([]);
        if (records.length > 0) return;
      }
      expect.fail(`nothing surfaced in ${ROUNDS_MAX} rounds`);
    },
    TEST_MS,
  );
});

/** A scenario made for a test. */
const scenarioOf = (part: Partial<Scenario>): Scenario => ({
  ...(SCENARIOS.find(({ name }) => name === 'buffer_written_after_destroy') as Scenario),
  ...part,
});

describe('a round that goes wrong', () => {
  const healthy = async (): Promise<void> => {
    const scenario = SCENARIOS.find(({ name }) => name === 'head_lost_in_page_migration') as Scenario;
    // On a busy machine a short round may be over before an event has been read.
    for (let seed = 1; seed <= 20; seed++) {
      const result = await round(scenario, [], seed, 300);
      expect(unknown(result)).toEqual([]);
      if ((result.operations['reaped'] ?? 0) > 0) return;
    }
    expect.fail('no event was read in twenty rounds');
  };

  test(
    'hangs: the watchdog says who waits, and the next round is well',
    async () => {
      // No completer: io_destroy() waits for requests that nobody completes.
      const scenario = scenarioOf({ roles: { destroyer: { min: 1, weight: 1 }, kworker: { min: 2, weight: 0 } } });
      const { records } = await round(scenario, [], 1, 300);
      const hang = records.find(({ kind }) => kind === 'hang');
      expect(hang?.text.join('\n')).toMatch(/destroyer.*sleeps on/);
      await healthy();
    },
    TEST_MS,
  );

  test(
    'throws: it is a finding with a place, and the next round is well',
    async () => {
      const broken = workload({ programs: { destroyer: 'destroy_and_free' }, batch: 4 });
      const scenario = scenarioOf({ draw: () => ({ ...broken, pauseUs: null as unknown as typeof broken.pauseUs }) });
      const { records } = await round(scenario, [], 1, 300);
      expect(records.map(({ kind }) => kind)).toContain('oops:null-dereference');
      expect(records[0]?.stack.join()).toContain('destroyer');
      await healthy();
    },
    TEST_MS,
  );

  test(
    'loses a thread: it is a finding, and a fresh thread takes its place',
    async () => {
      const cpu = THREADS - 1;
      const { cpus } = pool as unknown as { cpus: { abort: AbortController }[] };
      setTimeout(() => cpus[cpu]?.abort.abort(), 150);
      const scenario = SCENARIOS.find(({ name }) => name === 'unread_events_overwritten') as Scenario;
      const { records } = await round(scenario, [], 3, 1000);
      expect(records.map(({ kind }) => kind)).toContain('thread:died');
      await healthy();
    },
    TEST_MS,
  );
});
