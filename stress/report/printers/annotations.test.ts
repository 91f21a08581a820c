// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from 'vitest';
import { fixture, knownBug, unexpected } from '../../result/fixture.test-data.ts';
import type { Finding, RunResult, ScenarioResult } from '../../result/run_result.ts';
import { annotate, annotations } from './annotations.ts';

const [patched, reverted, vacuous] = fixture.scenarios as [ScenarioResult, ScenarioResult, ScenarioResult];
const withFindings = (...findings: Finding[]): RunResult => ({
  ...fixture,
  thresholds: [],
  scenarios: [{ ...patched, findings }],
});

test('a finding is an error at its innermost line in the sources', () => {
  const finding: Finding = {
    ...unexpected,
    text: [],
    stack: [
      '<anonymous> (node:internal:1)',
      'f (src/a.js:10:5)',
      'aio_complete (src/fs/aio/completion.ts:45)',
      'g (src/b.ts:1)',
    ],
  };
  expect(annotations(withFindings(finding))).toEqual([
    '::error file=src/fs/aio/completion.ts,line=45,title=event%3Aduplicate in head_lost_in_page_migration::' +
      'an event was delivered twice in io_getevents, head_lost_in_page_migration (patched), ' +
      'seen 7 times in 2 rounds, first after 3.2 s',
  ]);
});

test('a finding without a line has no place', () => {
  expect(annotations(withFindings({ ...unexpected, stack: [] }))[0]).toMatch(/^::error title=/);
});

test('nothing in the text ends the command or its properties', () => {
  const nasty = '100%\r\n::error::a, b: c';
  const [line = ''] = annotations(withFindings({ ...unexpected, kind: nasty, title: nasty, where: '', text: [nasty] }));
  expect(line).not.toMatch(/[\r\n]/);
  expect(line).toContain(',title=100%25%0D%0A%3A%3Aerror%3A%3Aa%2C b%3A c in ');
  expect(line).toContain('::100%25%0D%0A::error::a, b: c, head_lost');
});

test('what is known, and what a reverted build is to show, is none', () => {
  expect(
    annotations({ ...fixture, thresholds: [], scenarios: [{ ...patched, findings: [knownBug] }, reverted] }),
  ).toEqual([]);
});

test('findings come before thresholds, those before what proves nothing', () => {
  const scenarios = [
    vacuous,
    { ...reverted, findings: [], outcomes: [], firstFindingMs: null },
    { ...patched, findings: [unexpected] },
  ];
  expect(annotations({ ...fixture, scenarios }).map((line) => /title=([^:,]+)/.exec(line)?.[1])).toEqual([
    'event%3Aduplicate in head_lost_in_page_migration',
    'threshold broken',
    'VACUOUS',
    'NOT SURFACED',
  ]);
  expect(annotations({ ...fixture, verdict: 'harness', scenarios })[0]).toContain('the harness failed');
});

test('a broken threshold says the figure', () => {
  const [line] = annotations({ ...fixture, scenarios: [] });
  expect(line).toBe('::error title=threshold broken::throughput.events > 2e6/s: it was 1,240,000/s');
});

test('ten at most, and the last says how many are missing', () => {
  const findings = Array.from({ length: 25 }, (_, i) => ({ ...unexpected, title: `finding ${i}`, count: 100 - i }));
  const lines = annotations(withFindings(...findings));
  expect(lines).toHaveLength(10);
  expect(lines[0]).toContain('finding 0');
  expect(lines[8]).toContain('finding 8');
  expect(lines[9]).toContain('16 annotations left out');
  expect(annotations(withFindings(...findings.slice(0, 10)))).toHaveLength(10);
  expect(annotations(withFindings(...findings.slice(0, 10))).join()).not.toContain('left out');
});

test('the worst of each scenario comes before the second of any', () => {
  const minor = { ...unexpected, title: 'minor', count: 1 };
  const scenarios = [
    { ...patched, findings: [unexpected, minor] },
    { ...vacuous, findings: [{ ...unexpected, title: 'other' }] },
  ];
  const lines = annotations({ ...fixture, thresholds: [], scenarios });
  expect(lines.map((line) => /(twice|minor|other)/.exec(line)?.[1])).toEqual(['twice', 'other', 'minor']);
});

test('nothing is written but on GitHub Actions', () => {
  const written = (env: NodeJS.ProcessEnv): string => {
    let text = '';
    annotate(withFindings(unexpected), env, (more) => {
      text += more;
    });
    return text;
  };
  expect(written({})).toBe('');
  expect(written({ GITHUB_ACTIONS: 'false' })).toBe('');
  expect(written({ GITHUB_ACTIONS: 'true' })).toMatch(/^::error .*\n$/);
});
