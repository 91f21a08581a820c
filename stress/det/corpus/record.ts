// SPDX-License-Identifier: GPL-2.0-only
/**
 * Records the corpus anew. A schedule that still leads to its finding is kept, with the steps that it has now; for one
 * that does not another is searched and cut down.
 *
 * Run: npm run build && node dist/stress/det/corpus/record.js [SLUG…]
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Slug } from '../../../src/reverts/registry.ts';
import { stdout } from '../../cli/streams.ts';
import { toolVersion } from '../../host/environment.ts';
import { Pool } from '../../round/pool.ts';
import { SCENARIOS } from '../../scenarios/index.ts';
import { assignRoles } from '../../scenarios/roles.ts';
import { minThreads, type Scenario } from '../../scenarios/scenario.ts';
import { minimise } from '../minimise/minimise.ts';
import { sameSignature, signatureOf } from '../minimise/signature.ts';
import { poolOf, runOf } from '../replay.ts';
import { parseScheduleJson, scheduleJson } from '../schedule/json.ts';
import type { Schedule } from '../schedule/schedule.ts';
import { scheduleSource } from '../schedule/source.ts';
import { Explorer } from '../search/explore.ts';
import { buildOfEntry, CORPUS, type CorpusEntry, corpusPath } from './corpus.ts';

const OPTIONS = {
  schedulers: ['random', 'pct', 'pos'],
  depth: 3,
  maxSteps: 100_000,
  arenaMib: 16,
  selfCheck: 'sampled',
} as const;
/** Each draws another workload, with which a build may show something else. */
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];
/** Schedules of each seed. */
const SCHEDULES_MAX = 300;
const BUDGET = { ms: 120_000, schedules: 10_000 };

/** The stored schedule; null if there is none, or none that can be read. */
function storedSchedule(slug: Slug): Schedule | null {
  try {
    return parseScheduleJson(readFileSync(corpusPath(slug), 'utf8'));
  } catch {
    return null;
  }
}

/** @returns what the stored schedule is now, null if it does not lead to its finding any more */
async function keptEntry({ slug, shows }: CorpusEntry): Promise<Schedule | null> {
  const schedule = storedSchedule(slug);
  if (schedule === null) return null;
  const pool = poolOf(schedule);
  try {
    const { records, decisions, hash } = await runOf(pool, schedule);
    const [record] = records;
    if (record === undefined || !sameSignature(signatureOf(record), shows)) return null;
    if (decisions.length !== schedule.decisions.length) return null;
    return { ...schedule, tool: `kioctx ${toolVersion()}`, source: scheduleSource(), decisions, hash };
  } finally {
    await pool.close();
  }
}

/** @returns the first schedule as short as it should be, or else the shortest; null if the finding did not show */
async function recordEntry(entry: CorpusEntry): Promise<Schedule | null> {
  const { memory = 'sc', shows, decisions } = entry;
  const scenario = SCENARIOS.find(({ name }) => name === entry.scenario) as Scenario;
  const threads = minThreads(scenario);
  const pool = new Pool(threads, OPTIONS.arenaMib, true, true);
  try {
    const roles = assignRoles(scenario, threads, null);
    let best: Schedule | null = null;
    for (const seed of SEEDS) {
      if (best !== null && best.decisions.length <= decisions) break;
      const explorer = new Explorer(pool, { scenario, ...buildOfEntry(entry), roles }, { ...OPTIONS, memory, seed });
      const found: Schedule[] = [];
      await explorer.run((tried) => {
        const [record] = tried.result.records;
        if (record !== undefined && sameSignature(signatureOf(record), shows)) found.push(explorer.schedule(tried));
        return found.length === 0 && tried.number < SCHEDULES_MAX;
      });
      const shortest = found[0] === undefined ? null : (await minimise(pool, found[0], BUDGET)).schedule;
      if (shortest !== null && shortest.decisions.length < (best?.decisions.length ?? Number.POSITIVE_INFINITY)) {
        best = shortest;
      }
    }
    return best;
  } finally {
    await pool.close();
  }
}

const asked = process.argv.slice(2);
for (const entry of CORPUS.filter(({ slug }) => asked.length === 0 || asked.includes(slug satisfies Slug))) {
  const schedule = (await keptEntry(entry)) ?? (await recordEntry(entry));
  if (schedule !== null) writeFileSync(corpusPath(entry.slug), scheduleJson(schedule));
  const what =
    schedule === null
      ? `not found in ${SEEDS.length * SCHEDULES_MAX} schedules`
      : `${schedule.decisions.length} decisions`;
  stdout.write(`${entry.slug}: ${what}\n`);
}
