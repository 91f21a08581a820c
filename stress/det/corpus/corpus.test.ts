// SPDX-License-Identifier: GPL-2.0-only
/**
 * The stored schedules still lead to their findings, and none of them does on the fixed build.
 *
 * The steps may have changed with the source, the finding may not. Where a schedule cannot be followed any more, the
 * failure says where it left the recording, and how to record it anew.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { OopsRecord } from '../../../src/kernel/oops.ts';
import { type Build, buildOf } from '../../../src/reverts/registry.ts';
import { whereLeft } from '../../run/replay.ts';
import { isKnown } from '../../scenarios/known.ts';
import { signatureOf } from '../minimise/signature.ts';
import { poolOf, runOf } from '../replay.ts';
import type { DetResult } from '../round.ts';
import { parseScheduleJson } from '../schedule/json.ts';
import type { Schedule } from '../schedule/schedule.ts';
import { buildOfEntry, CORPUS, type CorpusEntry, corpusPath, fixedBuildOf } from './corpus.ts';

/** The largest file of the corpus, in bytes. */
const BYTES_MAX = 2048;

async function runAll(schedules: readonly Schedule[]): Promise<DetResult[]> {
  const pool = poolOf(schedules[0] as Schedule);
  const results: DetResult[] = [];
  try {
    for (const schedule of schedules) results.push(await runOf(pool, schedule));
  } finally {
    await pool.close();
  }
  return results;
}

/** What a schedule shows beside bugs that v3.17 is known to have, unless the entry is about one. */
const news = (
  build: Build<string>,
  { records, operations }: DetResult,
  { shows }: CorpusEntry,
): readonly OopsRecord[] =>
  records.filter((record) => record.kind === shows.kind || !isKnown(record, build, operations));

describe.each(CORPUS)('$slug', (entry) => {
  const { slug, scenario, shows, decisions } = entry;
  const text = readFileSync(corpusPath(slug), 'utf8');
  const schedule = parseScheduleJson(text);

  test('is of its scenario and build, and small', () => {
    expect([schedule.scenario, buildOf(schedule)]).toEqual([scenario, buildOfEntry(entry)]);
    expect(schedule.decisions).toHaveLength(decisions);
    expect(text.length).toBeLessThan(BYTES_MAX);
  });

  test('shows what it shows, twice alike, and the fixed build shows nothing', async () => {
    const [first, again, fixed] = (await runAll([
      schedule,
      schedule,
      { ...schedule, applied: [], ...fixedBuildOf(entry) },
    ])) as [DetResult, DetResult, DetResult];
    const left = whereLeft(schedule, first) ?? 'it was followed to its end';
    expect(first.records.map(signatureOf)[0], `${left}; node dist/stress/det/corpus/record.js ${slug}`).toEqual(shows);
    expect([again.hash, again.records]).toEqual([first.hash, first.records]);
    expect(news(fixedBuildOf(entry), fixed, entry)).toEqual([]);
  }, 60_000);
});

const decided = CORPUS.filter(({ decisions }) => decisions > 0);
test.each(decided)(
  '$slug: shows nothing without one of its decisions',
  async (entry) => {
    const { slug } = entry;
    const schedule = parseScheduleJson(readFileSync(corpusPath(slug), 'utf8'));
    const fewer = schedule.decisions.map((left) => ({
      ...schedule,
      decisions: schedule.decisions.filter((decision) => decision !== left),
    }));
    for (const result of await runAll(fewer)) expect(news(schedule, result, entry)).toEqual([]);
  },
  60_000,
);
