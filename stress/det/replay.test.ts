// SPDX-License-Identifier: GPL-2.0-only
/** A schedule that is run again shows the same with the same text, or says where it could not. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Pool } from '../round/pool.ts';
import { replay, replayText, whereLeft } from '../run/replay.ts';
import { SMALL_SCENARIOS } from '../scenarios/index.ts';
import { assignRoles } from '../scenarios/roles.ts';
import { minThreads, type Scenario } from '../scenarios/scenario.ts';
import { poolOf, runOf } from './replay.ts';
import type { Schedule } from './schedule/schedule.ts';
import { Explorer, type Tried } from './search/explore.ts';

const scenario = SMALL_SCENARIOS.find(({ name }) => name === 'buffer_written_after_destroy_small') as Scenario;
const roles = assignRoles(scenario, minThreads(scenario), null);
let pool: Pool;
/** One that shows a finding, and one that shows none. */
let found: Schedule;
let clean: Schedule;

async function explored(reverted: Scenario['fixedBy'], wanted: (tried: Tried) => boolean): Promise<Schedule> {
  const explorer = new Explorer(
    pool,
    { scenario, reverted, roles },
    { schedulers: ['random'], depth: 3, seed: 11, maxSteps: 50_000, memory: 'sc', arenaMib: 16, selfCheck: 'sampled' },
  );
  let kept: Schedule | null = null;
  await explorer.run((tried) => {
    if (wanted(tried)) kept = explorer.schedule(tried);
    return kept === null && tried.number < 100;
  });
  if (kept === null) throw new Error('no such schedule was found');
  return kept;
}

/** As it is printed. */
async function replayed(on: Pool, schedule: Schedule): Promise<{ text: string; exitCode: number }> {
  const result = await replay(on, schedule);
  if (result === null) throw new Error('it was interrupted');
  return { text: replayText(result, false), exitCode: result.exitCode };
}

beforeAll(async () => {
  pool = new Pool(roles.length, 16, true, true);
  found = await explored(scenario.fixedBy, ({ result }) => result.records.length > 0);
  clean = await explored([], ({ result }) => result.decisions.length > 20);
}, 120_000);
afterAll(() => pool.close());

test('the same text each time, also on a machine that has run nothing else', async () => {
  const first = await replayed(pool, found);
  expect(first.exitCode).toBe(2);
  expect(first.text).toContain(`${scenario.name} (reverted: ${scenario.fixedBy.join(', ')})`);
  expect(first.text).toMatch(/BUG: |buffer:|destroy:/);
  const fresh = poolOf(found);
  try {
    for (let i = 0; i < 3; i++) expect(await replayed(fresh, found)).toEqual(first);
  } finally {
    await fresh.close();
  }
}, 120_000);

test('a schedule that shows nothing says so', async () => {
  const { text, exitCode } = await replayed(pool, clean);
  expect(exitCode).toBe(0);
  expect(text).toContain('it shows nothing');
  expect(text).not.toContain('left the recording');
}, 60_000);

test('other sources are named, and the schedule is run all the same', async () => {
  const { text, exitCode } = await replayed(pool, { ...found, source: '0000000000000000' });
  expect(text).toContain('it was recorded on other sources, 0000000000000000; these are');
  expect(text).not.toContain('left the recording');
  expect(exitCode).toBe(2);
}, 60_000);

test('where it cannot be followed is said, and a walk under the seed goes on from there, always the same', async () => {
  const at = 5;
  const before = clean.decisions[at];
  if (before === undefined) throw new Error('too few decisions');
  // Nobody is at this step a second time.
  const decisions = clean.decisions.map((decision, i) => (i === at ? { ...before, step: before.step + 1 } : decision));
  const broken: Schedule = { ...clean, decisions };
  const result = await runOf(pool, broken);
  expect(whereLeft(clean, result)).toMatch(/^it left the recording at decision \d+ of \d+, step \d+ of cpu \d: /);
  const first = await replayed(pool, { ...broken, decisions: [{ cpu: 0, step: 1, to: 63 }] });
  expect(first.text).toMatch(/left the recording at decision 1 of 1, step 1 of cpu 0: it could not be taken/);
  expect(first.text).toContain('from there it went on under the seed');
  expect(await replayed(pool, { ...broken, decisions: [{ cpu: 0, step: 1, to: 63 }] })).toEqual(first);
}, 60_000);

test('an interrupt before it is explained leaves the finding, one before it is run leaves nothing', async () => {
  let asked = 0;
  /** Comes after the first time that it is asked for. */
  const late = Object.defineProperty(new EventTarget(), 'aborted', { get: () => ++asked > 1 }) as AbortSignal;
  const result = await replay(pool, found, late);
  expect(result).toMatchObject({ verdict: 'forbidden', interrupted: true });
  expect(result?.scenario.findings[0]).toMatchObject({ explained: null });
  expect(await replay(pool, found, AbortSignal.abort())).toBeNull();
}, 60_000);
