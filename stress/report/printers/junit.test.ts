// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { validateXML } from 'xmllint-wasm';
import { duplicate, fixture, run, unexpected } from '../../result/fixture.test-data.ts';
import type { Finding, RunResult, ScenarioResult } from '../../result/run_result.ts';
import { toJunit } from './junit.ts';

const schema = readFileSync(new URL('junit.xsd', import.meta.url), 'utf8');
const [patched, reverted, vacuous] = fixture.scenarios as [ScenarioResult, ScenarioResult, ScenarioResult];

async function problems(xml: string): Promise<string[]> {
  const { errors } = await validateXML({ xml: { fileName: 'junit.xml', contents: xml }, schema });
  return errors.map(({ message }) => message);
}

const junit = (change: Partial<RunResult>): string => toJunit({ ...run, result: { ...fixture, ...change } });
const only = (scenario: ScenarioResult, change: Partial<RunResult> = {}): string =>
  junit({ scenarios: [scenario], ...change });

/** The element of a case, with what is in it. */
const caseOf = (xml: string, name: string): string =>
  [...xml.matchAll(/<testcase [^>]*?(?:\/>|>.*?<\/testcase>)/gs)]
    .map(([text]) => text)
    .find((text) => text.includes(`name="${name}"`)) ?? '';

describe('the schema', () => {
  test('takes what is printed', async () => {
    expect(await problems(toJunit(run))).toEqual([]);
  });

  test('takes the file of a recorded run', async () => {
    expect(await problems(readFileSync(new URL('golden/junit.xml', import.meta.url), 'utf8'))).toEqual([]);
  });

  test.each([
    ['a case without a class', (xml: string) => xml.replace(/ classname="[^"]*"/, '')],
    ['a time that is no number', (xml: string) => xml.replace(/ time="[^"]*"/, ' time="1 s"')],
    ['a failure without a type', (xml: string) => xml.replace(' type="threshold"', '')],
    ['an element that nobody reads', (xml: string) => xml.replace('<properties>', '<notes/><properties>')],
    [
      'two cases of one name',
      (xml: string) => xml.replaceAll('name="exit_leaves_requests_in_flight"', 'name="head_lost_in_page_migration"'),
    ],
  ])('refuses %s', async (_, broken) => {
    const xml = toJunit(run);
    expect(broken(xml)).not.toBe(xml);
    expect(await problems(broken(xml))).not.toEqual([]);
  });

  test('takes any text that a run may hold', async () => {
    const nasty = `\x1b[31mred\x1b[0m \x00\x07\x0b\ufffe\ud800 ]]> <b> ]]> & "q" 'a' \u{1f600}`;
    const finding: Finding = { ...unexpected, title: nasty, where: nasty, text: [nasty], stack: [nasty], role: nasty };
    const known: Finding = { ...finding, known: nasty };
    const xml = junit({
      reason: nasty,
      verdict: 'harness',
      exitCode: 6,
      environment: { ...fixture.environment, cpuModel: nasty },
      thresholds: [{ expression: nasty, value: null, text: nasty, met: false }],
      scenarios: [{ ...patched, findings: [finding, known] }],
    });
    expect(await problems(xml)).toEqual([]);
    expect(xml).not.toContain('[31m');
    expect(xml).toContain('red');
    expect(xml).toContain('\u{1f600}');
  });
});

describe('names', () => {
  const names = (xml: string): string[] =>
    [...xml.matchAll(/<test(?:suite|case) [^>]*?\bname="([^"]*)"/g)].map(([, name = '']) => name);

  test('a suite for each build, a case for each scenario', () => {
    expect(names(toJunit(run))).toEqual([
      'patched',
      'head_lost_in_page_migration',
      'exit_leaves_requests_in_flight',
      'reverted: serialise_migration',
      'head_lost_in_page_migration',
      'thresholds',
      'locks.completion_lock.wait.p99 &lt; 500us',
      'throughput.events > 2e6/s',
      'run',
      'verdict',
    ]);
    expect(toJunit(run)).toContain('classname="stress.reverted.serialise_migration"');
  });

  test('are the same for another seed, time, machine and verdict', () => {
    const other = junit({
      startedAt: '2027-01-01T00:00:00.000Z',
      elapsedMs: 5,
      verdict: 'passed',
      exitCode: 0,
      parameters: { ...fixture.parameters, seed: 7, threads: 3, durationMs: 9 },
      environment: { ...fixture.environment, cores: 64 },
    });
    expect(names(other)).toEqual(names(toJunit(run)));
  });
});

describe('a case', () => {
  test('fails by a forbidden finding, with its signature and splat', () => {
    const text = caseOf(only({ ...patched, findings: [unexpected] }), patched.name);
    expect(text).toContain(
      '<failure message="event:duplicate: an event was delivered twice in io_getevents" type="event:duplicate">',
    );
    expect(text).toContain('BUG: an event was delivered twice in io_getevents');
    expect(text).toContain('findings/001-event-duplicate-io-getevents/report.txt');
  });

  test('fails by a hang', () => {
    const hang: Finding = { ...unexpected, kind: 'hang', title: 'no progress', where: 'io_destroy' };
    expect(caseOf(only({ ...patched, findings: [hang] }), patched.name)).toContain('type="hang"');
  });

  test('fails by an outcome that nobody has graded', () => {
    const outcomes = [{ result: 'odd', samples: 1, expect: 'UNKNOWN', description: '' }] as const;
    const text = caseOf(only({ ...patched, findings: [], outcomes }), patched.name);
    expect(text).toContain('<failure message="came out and should not: odd (unknown)" type="outcome"/>');
  });

  test('passes with a bug known in v3.17, which it names', () => {
    const text = caseOf(only(patched), patched.name);
    expect(text).not.toMatch(/<(failure|error|skipped)/);
    expect(text).toContain('known in v3.17: deeb8525f9bc');
  });

  test('passes with the race of the fix that was taken back', () => {
    const text = caseOf(only(reverted), reverted.name);
    expect(text).not.toMatch(/<(failure|error|skipped)/);
    expect(text).toContain('showed its race after 1.8 s');
  });

  test('is inconclusive where the race did not show or its subject never happened, and says what to do', () => {
    for (const scenario of [{ ...reverted, findings: [], outcomes: [], firstFindingMs: null }, vacuous]) {
      const text = caseOf(only(scenario), scenario.name);
      expect(text).toContain('type="inconclusive"');
      expect(text).toContain(`npm run stress -- --scenario ${scenario.name} --threads 16 --duration 120s`);
    }
  });

  test('is skipped where there was no time', () => {
    expect(caseOf(only({ ...patched, rounds: 0, findings: [] }), patched.name)).toContain('<skipped/>');
  });

  test('takes seconds', () => {
    expect(caseOf(only(patched), patched.name)).toContain('time="25.1"');
  });
});

describe('the run', () => {
  const green = { ...reverted, findings: [{ ...duplicate }] };

  test('that passed has a case that passed', () => {
    expect(only(green, { verdict: 'passed', exitCode: 0, thresholds: [] })).not.toMatch(/<(failure|error)/);
  });

  test('that did not pass is never all green', () => {
    for (const [verdict, exitCode] of [
      ['inconclusive', 4],
      ['interrupted', 130],
      ['harness', 6],
    ] as const) {
      const text = caseOf(only(green, { verdict, exitCode, thresholds: [], reason: 'why' }), 'verdict');
      expect(text).toContain(`<error message="${verdict}: why" type="${verdict}">`);
    }
  });

  test('has an error for the harness, whatever else there is', () => {
    const text = caseOf(only({ ...patched, findings: [unexpected] }, { verdict: 'harness', exitCode: 6 }), 'verdict');
    expect(text).toContain('type="harness"');
  });
});

test('thresholds that were not judged are skipped', () => {
  const text = caseOf(junit({ thresholds: [] }), 'throughput.events > 2e6/s');
  expect(text).toContain('<skipped/>');
});

test('long text is cut at 64 KB, between characters, and says where all of it is', () => {
  const long: Finding = { ...unexpected, text: Array.from({ length: 5000 }, () => 'ü'.repeat(70)) };
  const text = caseOf(only({ ...patched, findings: [long] }), patched.name);
  expect(Buffer.byteLength(text)).toBeLessThan(65 * 1024);
  expect(Buffer.byteLength(text)).toBeGreaterThan(60 * 1024);
  expect(text).toContain('… cut at 64 KB, all of it is in findings/001-event-duplicate-io-getevents/report.txt');
  expect(text).not.toContain('\ufffd');
});
