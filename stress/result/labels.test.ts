// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from 'vitest';
import { duplicate, fixture, knownBug, unexpected } from './fixture.test-data.ts';
import { buildText, hints, labelOf, missedGoals, worstFirst } from './labels.ts';
import type { ScenarioResult } from './run_result.ts';

const [patched, reverted, vacuous] = fixture.scenarios as [ScenarioResult, ScenarioResult, ScenarioResult];
const forbidden = { result: 'event:lost', samples: 1, expect: 'FORBIDDEN', description: '' } as const;

const LABELS: [string, ScenarioResult, string][] = [
  ['patched, with a known bug', patched, 'OK'],
  ['patched, with another one', { ...patched, findings: [knownBug, unexpected] }, 'FAILED'],
  ['patched, with a forbidden outcome', { ...patched, outcomes: [forbidden] }, 'FAILED'],
  ['patched, with an outcome nobody graded', { ...patched, outcomes: [{ ...forbidden, expect: 'UNKNOWN' }] }, 'FAILED'],
  ['patched, with a forbidden outcome never seen', { ...patched, outcomes: [{ ...forbidden, samples: 0 }] }, 'OK'],
  ['patched, a goal never reached', vacuous, 'VACUOUS'],
  ['a finding is worse than a goal never reached', { ...vacuous, findings: [unexpected] }, 'FAILED'],
  ['reverted, and it showed', reverted, 'SURFACED'],
  ['reverted, and it did not show', { ...reverted, firstFindingMs: null }, 'NOT SURFACED'],
  ['reverted, not expected, and it showed', { ...reverted, expectsFinding: false }, 'SURFACED'],
  [
    'reverted, not expected, and something else showed',
    { ...reverted, expectsFinding: false, firstFindingMs: null, findings: [unexpected] },
    'FAILED',
  ],
  ['reverted, and it showed its race and something else', { ...reverted, findings: [duplicate, unexpected] }, 'FAILED'],
  ['no round', { ...reverted, rounds: 0 }, 'NOT RUN'],
];
test.each(LABELS)('%s', (_, scenario, label) => {
  expect(labelOf(scenario)).toBe(label);
});

test('the build by name', () => {
  expect(buildText(patched)).toBe('patched');
  expect(buildText({ ...reverted, build: { reverted: ['a', 'b'] } })).toBe('reverted: a, b');
});

test('only a required goal is missed', () => {
  expect(missedGoals(patched)).toEqual([]);
  expect(missedGoals(vacuous)).toEqual(['exit with requests in flight']);
});

test('a hint names the commit of each fix taken back, and of nothing else', () => {
  expect(hints(reverted, duplicate)).toEqual([
    'HINT: this is what fa8a53c39f3f ("aio: v4 ensure access to ctx->ring_pages is correctly serialised for ' +
      'migration") fixed in v3.15',
  ]);
  expect(hints({ ...reverted, build: { reverted: ['exit_waits', 'read_barrier'] } }, duplicate)).toHaveLength(2);
  expect(hints(reverted, knownBug)).toEqual([]);
  expect(hints(patched, unexpected)).toEqual([]);
});

test('what is known comes last, what is frequent first', () => {
  const rare = { ...duplicate, count: 1 };
  expect(worstFirst([{ ...knownBug, count: 99 }, rare, duplicate])).toEqual([
    duplicate,
    rare,
    { ...knownBug, count: 99 },
  ]);
});
