// SPDX-License-Identifier: GPL-2.0-only
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { duplicate, fixture, unexpected } from '../../result/fixture.test-data.ts';
import type { RunResult, ScenarioResult } from '../../result/run_result.ts';
import { columnsOf } from '../../text/layout.ts';
import { toConsole } from './console.ts';

const [patched, reverted, vacuous] = fixture.scenarios as [ScenarioResult, ScenarioResult, ScenarioResult];
const plain = (result: RunResult, width = 100): string => toConsole(result, { color: false, width });

test('the sections come in the order in which they are read', () => {
  const sections = [...plain(fixture).matchAll(/^-- (.+?) -+$/gm)].map((m) => m[1]);
  expect(sections).toEqual([
    'Run',
    'Outcomes',
    'Thresholds',
    'Lock contention (patched build)',
    'System call latency (patched build)',
    'Throughput (patched build)',
    'Findings',
    'What this is worth',
    'Again',
  ]);
});

test.each([60, 72, 80, 100, 120, 160, 200])('within %d columns, the verdict excepted', (width) => {
  const long: RunResult = {
    ...fixture,
    scenarios: [
      { ...reverted, findings: [{ ...duplicate, text: ['y'.repeat(300)], stack: [`f (${'z/'.repeat(120)}a.ts:1)`] }] },
      {
        ...patched,
        outcomes: [{ result: 'r'.repeat(70), samples: 999_999_999, expect: 'UNKNOWN', description: 'd '.repeat(90) }],
      },
      vacuous,
    ],
  };
  for (const color of [false, true]) {
    const lines = toConsole(long, { color, width }).trimEnd().split('\n');
    expect(lines.slice(0, -1).filter((line) => columnsOf(line) > width)).toEqual([]);
  }
});

test('colours change nothing but the colour', () => {
  const colored = toConsole(fixture, { color: true, width: 100 });
  expect(colored).not.toBe(plain(fixture));
  const trimmed = (text: string): string => text.replace(/ +$/gm, '');
  expect(trimmed(stripVTControlCharacters(colored))).toBe(trimmed(plain(fixture)));
});

test('the last line is the verdict, on one line whatever the reason', () => {
  const text = plain({ ...fixture, verdict: 'harness', exitCode: 6, reason: `it broke\n  at ${'x'.repeat(300)}` });
  expect(text.trimEnd().split('\n').at(-1)).toBe(`--- End of test: HARNESS: it broke at ${'x'.repeat(300)} (exit 6)`);
});

describe('outcomes', () => {
  test('are labelled by how the scenario did', () => {
    const labels = [...plain(fixture).matchAll(/^\[(.+?)\] (\w+) \((.+)\)$/gm)].slice(0, 3).map((m) => m.slice(1));
    expect(labels).toEqual([
      ['OK', 'head_lost_in_page_migration', 'patched'],
      ['SURFACED', 'head_lost_in_page_migration', 'reverted: serialise_migration'],
      ['VACUOUS', 'exit_leaves_requests_in_flight', 'patched'],
    ]);
    expect(plain({ ...fixture, scenarios: [{ ...reverted, firstFindingMs: null }] })).toContain('[NOT SURFACED] head_');
    expect(plain({ ...fixture, scenarios: [{ ...patched, findings: [unexpected] }] })).toContain('[FAILED] head_');
  });

  test('a goal that was required and not reached is VACUOUS, one that was wanted is not', () => {
    const lines = plain(fixture).split('\n');
    expect(lines.filter((line) => line.includes('VACUOUS:')).join()).not.toBe('');
    expect(lines.find((line) => line.includes('exit with requests in flight: 0'))).toContain('VACUOUS');
    expect(lines.find((line) => line.includes('ring wrapped: 0'))).not.toContain('VACUOUS');
  });
});

describe('findings', () => {
  const many = Array.from({ length: 5 }, (_, i) => ({ ...duplicate, title: `finding ${i}`, count: 100 - i }));

  test('three in full, the rest in a line each', () => {
    const text = plain({ ...fixture, scenarios: [{ ...reverted, findings: many }] });
    expect(text.match(/^BUG: /gm)).toHaveLength(3);
    expect(text.match(/^ {2}\+ event:duplicate: finding [34] in io_getevents/gm)).toHaveLength(2);
  });

  test('at most eight frames, and how many more there are', () => {
    const text = plain(fixture);
    expect(text).toContain('frame_7 ');
    expect(text).not.toContain('frame_8 ');
    expect(text).toContain('… 2 more frames');
  });

  test('none is said', () => {
    expect(plain({ ...fixture, scenarios: [vacuous] })).toMatch(/^-- Findings -+\nnone$/m);
  });
});

describe('what it is worth', () => {
  const worth = (change: Partial<RunResult>): string =>
    plain({ ...fixture, ...change }, 400).split(/-- What this is worth -+\n/)[1] ?? '';

  test('the rule of three', () => {
    expect(worth({ scenarios: [vacuous], confidence: { cleanRounds: 300, ruleOfThree: 0.01 } })).toContain(
      '300 rounds ran on builds that should show nothing, and showed nothing: with 95 % confidence anything else ' +
        'there is rarer than once in 100 rounds (rule of three: 3/300 = 1.00 % of rounds at most).',
    );
  });

  test('nothing is claimed of no round, of few, or where something was found', () => {
    expect(worth({ confidence: { cleanRounds: 0, ruleOfThree: 0 } })).toMatch(/^No round ran/);
    expect(worth({ confidence: { cleanRounds: 3, ruleOfThree: 1 } })).toContain('too few');
    expect(worth({ scenarios: [{ ...patched, findings: [unexpected] }] })).toContain('something was found there.');
    expect(worth({ scenarios: [{ ...patched, findings: [unexpected] }] })).not.toContain('95 %');
  });

  test('how soon the slowest race shows, and how much that is to be believed', () => {
    const often = { rounds: 90, detected: 40, exposureMs: 80_000, p50Ms: 1_386, p95Ms: 5_991, p99Ms: 9_210 };
    expect(worth({})).toContain(
      'Slowest to show is head_lost_in_page_migration (reverted: serialise_migration), in 2 of 11 rounds: half of the ' +
        'time within 2.8 s, 95 % within 12.1 s, 99 % within 18.7 s, if its rate is constant (2 detections in 8.1 s; so ' +
        'few say no more than the order of magnitude).',
    );
    expect(worth({ scenarios: [{ ...reverted, detection: often }] })).toContain('(40 detections in 1.3 min).');
    expect(worth({ scenarios: [reverted, { ...reverted, name: 'other', detection: often }] })).not.toContain(
      'is other',
    );
    const never = { ...often, detected: 0, p50Ms: null, p95Ms: null, p99Ms: null };
    expect(worth({ scenarios: [{ ...reverted, detection: never }] })).not.toContain('Slowest');
  });

  test('what showed that the oracles see', () => {
    expect(worth({})).toContain('1 of 1 build without a fix showed its race, the slowest after 1.8 s.');
    expect(worth({ scenarios: [reverted, { ...reverted, firstFindingMs: null }] })).toContain(
      '1 of 2 builds without a fix',
    );
    expect(worth({ scenarios: [patched] })).toContain('nothing proves that the oracles see');
  });
});

describe('thresholds', () => {
  const block = (change: Partial<RunResult>, width = 100): string =>
    /-- Thresholds -+\n([\s\S]*?)\n\n/.exec(plain({ ...fixture, ...change }, width))?.[1] ?? '';

  test('each on a line with its figure, and whether it was met', () => {
    expect(block({})).toBe(
      '[met]    locks.completion_lock.wait.p99 < 500us: it was 43.7 us\n' +
        '[BROKEN] throughput.events > 2e6/s: it was 1,240,000/s',
    );
  });

  test('one that nothing was measured for is not said to be broken', () => {
    const text = 'not measured: its race never showed';
    expect(block({ thresholds: [{ expression: 'x < 1', value: null, text, met: false }] })).toContain(
      `[NOT MEASURED] x < 1: ${text}`,
    );
  });

  test('of a run cut short are not judged', () => {
    expect(block({ thresholds: [] })).toContain('[NOT JUDGED] throughput.events > 2e6/s: the run was cut short');
    expect(block({ thresholds: [], parameters: { ...fixture.parameters, thresholds: [] } })).toBe('');
  });
});

describe('a merged run', () => {
  const merged = [1, 2].map((index) => ({
    folder: `shard-${index}`,
    seed: 42,
    shard: { index, of: 2 },
    verdict: 'passed' as const,
    environment: fixture.environment,
  }));

  test('names what it was merged from', () => {
    expect(plain({ ...fixture, merged })).toMatch(/^shard-2 +42 +2 of 2 +passed +v20\.20\.2 +linux x64, AMD EPYC/m);
    expect(plain({ ...fixture, merged }, 80)).toMatch(/^shard-2 +42 +2 of 2 +passed +v20\.20\.2$/m);
    expect(plain(fixture)).not.toContain('Merged from');
  });

  test('a shard says which it is', () => {
    const parameters = { ...fixture.parameters, shard: { index: 2, of: 4 } };
    expect(plain({ ...fixture, parameters })).toMatch(/^ +shard {2}2 of 4$/m);
  });
});

test('figures say of which build they are', () => {
  expect(plain({ ...fixture, measured: 'reverted' })).toContain('-- Throughput (reverted builds) -');
});

test('sections without data are left out', () => {
  const text = plain({ ...fixture, locks: [], latency: {} });
  expect(text).not.toContain('Lock contention');
  expect(text).not.toContain('System call latency');
});

test('a wide terminal shows every column of lock_stat, a narrow one those that matter', () => {
  const columns = (width: number): number =>
    (plain(fixture, width).match(/^ +class .*$/m)?.[0] ?? '').trim().split(/ {2,}/).length;
  expect(columns(200)).toBe(13);
  expect(columns(60)).toBe(4);
});

test('the ten most contended classes at most', () => {
  const [lock] = fixture.locks;
  if (lock === undefined) throw new Error('no lock');
  const locks = Array.from({ length: 15 }, (_, i) => ({ ...lock, class: `class_${i}`, contentions: i }));
  const text = plain({ ...fixture, locks });
  expect(text.match(/^ *class_\d+ /gm)).toHaveLength(10);
  expect(text.indexOf('class_14')).toBeLessThan(text.indexOf('class_5 '));
});
