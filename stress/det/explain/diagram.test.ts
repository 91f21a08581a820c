// SPDX-License-Identifier: GPL-2.0-only
/** What a schedule is told as: the same each time, with the place where it goes wrong, on a page. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { diagramText } from '../../report/parts/diagram_text.ts';
import type { Diagram, Explanation } from '../../result/explanation.ts';
import type { Pool } from '../../round/pool.ts';
import { SCENARIOS } from '../../scenarios/index.ts';
import { assignRoles } from '../../scenarios/roles.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import { columnsOf } from '../../text/layout.ts';
import { corpusPath } from '../corpus/corpus.ts';
import { poolOf } from '../replay.ts';
import { parseScheduleJson } from '../schedule/json.ts';
import { SCHEDULE_FORMAT, type Schedule } from '../schedule/schedule.ts';
import { explain } from './diagram.ts';
import { recordSchedule } from './recording.ts';

const ROWS_MAX = 40;

/** The default schedule of a small scenario, on a build without a fix. */
function byDefault(name: string, slug: string): Schedule {
  const scenario = SCENARIOS.find((one) => one.name === name) as Scenario;
  const threads = Object.values(scenario.roles).reduce((sum, { min }) => sum + min, 0);
  return {
    format: SCHEDULE_FORMAT,
    tool: 'test',
    source: '',
    scenario: name,
    reverted: slug === '' ? [] : [slug],
    roles: assignRoles(scenario, threads, null),
    seed: 1,
    turns: null,
    memory: 'sc',
    arenaMib: 16,
    maxSteps: 40_000,
    decisions: [],
    hash: null,
  };
}

const textOf = ({ diagram }: Explanation, width: number): string => diagramText(diagram, width).join('\n');
const truths = ({ rows }: Diagram): string[] => rows.filter(({ truth }) => truth).map(({ text }) => text);

describe('a schedule without decisions', () => {
  test.each([
    ['buffer_written_after_destroy_small', 'wait_for_requests'],
    ['scribbled_ring_frees_live_requests_small', 'refcount_requests'],
    ['unread_events_overwritten_small', 'track_ring_occupancy'],
    ['destroy_waits_for_grace_period_small', 'async_destroy'],
  ])(
    '%s without %s',
    async (name, slug) => {
      const schedule = byDefault(name, slug);
      const pool = poolOf(schedule);
      try {
        const told = await explain(pool, schedule);
        await expect(`${textOf(told, 110)}\n`).toMatchFileSnapshot(`golden/${name}.txt`);
        expect(told.diagram.rows.length).toBeLessThanOrEqual(ROWS_MAX);
        expect(truths(told.diagram).length).toBeGreaterThan(0);
        expect(told.preemptions).toBe(0);
        expect(await explain(pool, schedule)).toEqual(told);
      } finally {
        await pool.close();
      }
    },
    120_000,
  );
});

describe('a head that is lost', () => {
  const schedule = parseScheduleJson(readFileSync(corpusPath('serialise_migration'), 'utf8'));
  let pool: Pool;
  let told: Explanation;

  beforeAll(async () => {
    pool = poolOf(schedule);
    told = await explain(pool, schedule);
  }, 60_000);
  afterAll(async () => {
    await pool.close();
  });

  const find = (pattern: RegExp): number => told.diagram.rows.findIndex(({ text }) => pattern.test(text));

  test('reads as the message of the commit that fixed it', () => {
    const { rows } = told.diagram;
    const copy = find(/^copies old page to new page$/);
    const store = rows.findIndex(({ truth }) => truth);
    expect(rows[store]?.text).toMatch(/^ring->head = \d+ {3}\(written to the old page\)$/);
    const pointer = find(/^ring_pages\[0\] = new page$/);
    expect(copy).toBeGreaterThanOrEqual(0);
    expect(store).toBeGreaterThan(copy);
    expect(pointer).toBeGreaterThan(copy);
    expect(rows[copy]).toMatchObject({ linux: 'fs/aio.c aio_migratepage()', cpu: rows[pointer]?.cpu });
    expect(rows[store]).toMatchObject({ linux: 'fs/aio.c aio_read_events_ring()', truth: true });
    expect(rows[store]?.site).toMatch(/^aio_read_events_ring \(src\/fs\/aio\/read_events\.ts:\d+\)$/);
    expect(rows[store]?.cpu).not.toBe(rows[copy]?.cpu);
    expect(rows.slice(0, copy).some(({ text }) => text === 'completion_lock ← taken')).toBe(true);
    expect(rows.slice(pointer).some(({ text }) => text === 'completion_lock ← free')).toBe(true);
    expect(rows.at(-1)).toMatchObject({ text: 'BUG: an event was delivered twice', truth: true });
  });

  test('has a reason wherever another CPU goes on, and none elsewhere', () => {
    told.diagram.rows.forEach(({ cpu, switched }, i, rows) => {
      expect(switched !== '').toBe(i > 0 && rows[i - 1]?.cpu !== cpu);
    });
  });

  test('is at most a page, for any width', () => {
    expect(told.diagram.rows.length).toBeLessThanOrEqual(ROWS_MAX);
    for (const width of [60, 80, 110, 160]) {
      for (const line of diagramText(told.diagram, width)) expect(columnsOf(line)).toBeLessThanOrEqual(width);
    }
  });
});

test('a schedule in which nothing is found is not told', async () => {
  const schedule = byDefault('buffer_written_after_destroy_small', '');
  const pool = poolOf(schedule);
  await expect(explain(pool, schedule)).rejects.toThrow('without a finding');
  await pool.close();
}, 60_000);

test('what is written down is every access, with what it found and what it left', async () => {
  const schedule = byDefault('buffer_written_after_destroy_small', 'wait_for_requests');
  const pool = poolOf(schedule);
  const { result, steps } = await recordSchedule(pool, schedule, [100]);
  const accesses = steps.filter(({ kind }) => kind === 'load' || kind === 'store' || kind === 'rmw');
  // A step that a CPU stood before at the end is counted, but was never made.
  expect(accesses.length).toBeGreaterThan(result.steps - schedule.roles.length);
  expect(accesses.length).toBeLessThanOrEqual(result.steps);
  const words = new Map<number, number>();
  for (const { kind, addr, bytes, before, after } of accesses) {
    if (kind === 'load') expect(after).toBe(before);
    if (bytes > 4) for (let at = addr & ~3; at < addr + bytes; at += 4) words.delete(at);
    else {
      expect(before).toBe(words.get(addr & ~3) ?? before);
      words.set(addr & ~3, after);
    }
  }
  expect(accesses.map(({ ordinal }) => ordinal)).toEqual(accesses.map((_, i) => i));
  expect(accesses[100]?.stack).toMatch(/^\w+ \(src\//);
  expect(accesses[101]?.stack).toBe('');
  expect((await recordSchedule(pool, schedule, [100])).steps).toEqual(steps);
  await pool.close();
}, 60_000);
