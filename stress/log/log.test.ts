// SPDX-License-Identifier: GPL-2.0-only
/** The event log: what is made of it, whole, cut off, damaged and merged. */
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { UsageError } from '../cli/usage_error.ts';
import { loadRun } from './load.ts';
import { fixture, logOf, runRecord } from './log.test-data.ts';
import { mergeRuns } from './merge.ts';
import type { LogRecord } from './records.ts';
import { LogWriter } from './writer.ts';

const root = mkdtempSync(join(tmpdir(), 'log-'));
afterAll(() => rmSync(root, { recursive: true }));
let folders = 0;

function write(records: readonly LogRecord[], name = `run-${folders++}`): string {
  const folder = join(root, name);
  mkdirSync(folder);
  const log = new LogWriter(folder);
  for (const record of records) log.write(record);
  log.close();
  return folder;
}
const logIn = (folder: string): string => join(folder, 'events.ndjson');

function refused(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  throw new Error('it was taken');
}

test('a whole log gives every figure', () => {
  const { result, rounds, trace } = loadRun(write(fixture));
  expect(result).toMatchObject({ verdict: 'passed', exitCode: 0, interrupted: false, elapsedMs: 4000 });
  expect(result.scenarios.map(({ rounds: n, ranMs }) => [n, ranMs])).toEqual([
    [1, 900],
    [2, 1800],
  ]);
  expect(result.measured).toBe('patched');
  expect(result.throughput).toEqual({ events: 2000, eventsPerSecond: 2000 / 1.8 });
  expect(result.confidence).toEqual({ cleanRounds: 2, ruleOfThree: 1.5 });
  const [lock] = result.locks;
  expect(lock).toMatchObject({ class: 'ring_lock', contentions: 20, acquisitions: 2000, waitTotal: 40_000 });
  expect(lock?.wait.samples).toBe(20);
  expect(lock?.waiters).toEqual([{ site: 'a (src/a.ts:1)', count: 20 }]);
  expect(result.latency['io_submit']?.samples).toBe(200);
  expect(result.roles['submitter']).toEqual({ user: 0.5, kernel: 0.25, lock: 0.25, sleep: 0, idle: 0 });
  expect(result.timeline.map(({ ms, scenario }) => [ms, scenario])).toEqual([
    [500, 0],
    [1500, 1],
    [2500, 1],
  ]);
  expect(rounds.map(({ scenario, whole }) => [scenario, whole])).toEqual([
    [0, true],
    [1, true],
    [1, true],
  ]);
  expect(trace).toHaveLength(1);
});

test('findings of one signature are one, with the count of all', () => {
  const [finding] = loadRun(write(fixture)).result.scenarios[0]?.findings ?? [];
  expect(finding).toMatchObject({ kind: 'event:duplicate', count: 2, rounds: 1, expected: true, firstAtMs: 300 });
});

test('a harness that failed hides nothing that was found before', () => {
  const failed = (records: readonly LogRecord[]): LogRecord[] => [
    ...records.slice(0, -1),
    { t: 'end', ms: 4000, signal: null, failure: 'it broke' },
  ];
  expect(loadRun(write(failed(fixture))).result).toMatchObject({
    verdict: 'harness',
    exitCode: 6,
    reason: 'the harness failed: it broke',
  });
  const unexpected = fixture.map((record) => (record.t === 'finding' ? { ...record, expected: false } : record));
  expect(loadRun(write(failed(unexpected))).result).toMatchObject({
    verdict: 'forbidden',
    exitCode: 2,
    reason: expect.stringMatching(/^event:duplicate in .*; and the harness failed: it broke$/),
  });
});

test('a log that ends in a round counts what was known of it, and says that the run was killed', () => {
  const cut = fixture.findIndex(({ t }) => t === 'done') + 3;
  const records = fixture.slice(0, cut);
  expect(records.at(-1)?.t).toBe('so far');
  const { result, rounds } = loadRun(write(records));
  expect(result).toMatchObject({ verdict: 'interrupted', exitCode: 130, interrupted: true });
  expect(result.reason).toContain('killed');
  expect(result.throughput.events).toBe(400);
  expect(rounds.at(-1)).toMatchObject({ whole: false, ranMs: 300 });
  // Rounds that did not come to their end prove nothing.
  expect(result.confidence.cleanRounds).toBe(0);
});

test('a last line that is cut off anywhere loses that line only', () => {
  const whole = write(fixture);
  const lines = readFileSync(logIn(whole), 'utf8').trimEnd().split('\n');
  const before = lines.slice(0, -1).join('\n').length + 1;
  const expected = loadRun(write(fixture.slice(0, -1))).result;
  for (let bytes = before; bytes < before + (lines.at(-1)?.length ?? 0); bytes += 7) {
    truncateSync(logIn(whole), before);
    appendFileSync(logIn(whole), (lines.at(-1) as string).slice(0, bytes - before));
    expect(loadRun(whole).result).toEqual(expected);
  }
});

test('a line in the wrong place is named, too', () => {
  const folder = write([fixture[0] as LogRecord, { t: 'again', n: 7, id: 3, ranMs: 1 }]);
  expect(refused(() => loadRun(folder))).toMatch(/line 2: round 7 has not begun/);
});

test('what is no run is refused in one sentence', () => {
  const empty = write([]);
  expect(refused(() => loadRun(empty))).toMatch(/has no whole line/);
  expect(refused(() => loadRun(root))).toMatch(/is no folder of a run/);
  expect(refused(() => loadRun(join(root, 'nowhere')))).toMatch(/is no folder of a run/);
  expect(refused(() => loadRun(logIn(empty)))).toMatch(/is a file/);
  expect(refused(() => loadRun(write([{ t: 'end', ms: 0, signal: null, failure: null }])))).toMatch(/no log of a run/);
  const later = { ...runRecord, log: 3 };
  expect(refused(() => loadRun(write([later])))).toMatch(/of version 3, this tool reads versions 1 to 2/);
});

test('a log is never written over', () => {
  const folder = write(fixture);
  const second = new LogWriter(folder);
  expect(second.cut).toBe(`The log '${logIn(folder)}' is not whole: a file of that name is in the way.`);
  second.write(runRecord);
  second.close();
  expect(loadRun(folder).result.verdict).toBe('passed');
});

test('merging adds counts and histograms, and makes one finding of the same', () => {
  const one = write(logOf(1), 'one');
  const two = write(logOf(2), 'two');
  const output = join(root, 'merged');
  const { result } = mergeRuns([one, two], output).run;
  const alone = loadRun(one).result;
  expect(result.throughput.events).toBe(2 * alone.throughput.events);
  expect(result.elapsedMs).toBe(2 * alone.elapsedMs);
  expect(result.locks[0]?.wait.samples).toBe(2 * (alone.locks[0]?.wait.samples ?? 0));
  expect(result.scenarios).toHaveLength(alone.scenarios.length);
  expect(result.scenarios[0]?.findings.map(({ count }) => count)).toEqual([4]);
  expect(result.timeline.map(({ ms }) => ms)).toEqual([500, 1500, 2500, 4500, 5500, 6500]);
  expect(result.merged.map(({ folder, seed, verdict }) => [folder, seed, verdict])).toEqual([
    ['one', 1, 'passed'],
    ['two', 2, 'passed'],
  ]);
  // What has been merged can be read again, and merged again.
  const read = loadRun(output);
  expect(read.result).toEqual(result);
  expect(read.rounds.map(({ number }) => number)).toEqual([0, 1, 2, 3, 4, 5]);
  const three = write(logOf(3), 'three');
  const again = mergeRuns([output, three], join(root, 'merged-again')).run;
  expect(again.result.merged.map(({ folder }) => folder)).toEqual(['one', 'two', 'three']);
});

test('a shard that was killed makes the merged run an interrupted one, and loses nothing', () => {
  const whole = write(logOf(1), 'whole');
  const killed = write(logOf(2).slice(0, -1), 'killed');
  const { result } = mergeRuns([whole, killed], join(root, 'merged-killed')).run;
  expect(result.verdict).toBe('interrupted');
  expect(result.merged.map(({ verdict }) => verdict)).toEqual(['passed', 'interrupted']);
  expect(result.throughput.events).toBe(4000);
});

test('what cannot be merged is refused by name, and nothing is written', () => {
  const output = join(root, 'never');
  const one = write(logOf(1));
  const other = { ...runRecord, environment: { ...runRecord.environment, tool: 'kioctx 9.9.9' } };
  expect(refused(() => mergeRuns([one, write([other])], output))).toMatch(/different tool.*kioctx 9\.9\.9/);
  const wide = { ...runRecord, parameters: { ...runRecord.parameters, threads: 32 } };
  expect(refused(() => mergeRuns([one, write([wide])], output))).toMatch(/different threads/);
  expect(refused(() => mergeRuns([one, one], output))).toMatch(/have the same run/);
  expect(refused(() => mergeRuns([one, join(root, 'nowhere')], output))).toMatch(/is no folder of a run/);
  expect(refused(() => mergeRuns([], output))).toMatch(/nothing to merge/);
  expect(refused(() => mergeRuns([one], one))).toMatch(/is not empty/);
  expect(() => readFileSync(logIn(output))).toThrow();
});
