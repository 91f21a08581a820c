// SPDX-License-Identifier: GPL-2.0-only
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Run, RunResult } from '../result/run_result.ts';
import { CompareError } from './comparable.ts';
import { type Comparison, compareRuns } from './compare.ts';
import { comparisonMarkdown } from './comparison_markdown.ts';
import { comparisonText } from './comparison_text.ts';
import { CASES, type Machine, type Made, makeRun } from './runs.test-data.ts';

/** Slow for some 5 rounds at a time, by 15 %. */
const shared: Machine = { memory: 0.8, wander: 0.15, noise: 0.1 };
const quiet: Machine = { memory: 0, wander: 0, noise: 0.05 };

const made = (seed: number, more: Partial<Made> = {}): Run => makeRun({ seed, rounds: 60, machine: shared, ...more });
const figure = ({ figures }: Comparison, name: string) => figures.find((one) => one.name === name)!;
const change = (run: Run, parameters: Partial<RunResult['parameters']>, result: Partial<RunResult> = {}): Run => ({
  ...run,
  result: { ...run.result, ...result, parameters: { ...run.result.parameters, ...parameters } },
});

describe('equal runs', () => {
  test('on a shared machine show no difference', () => {
    const conclusions = Array.from({ length: 40 }, (_, i) => compareRuns(made(2 * i + 1), made(2 * i + 2)).conclusion);
    const wrong = conclusions.filter((conclusion) => conclusion !== 'no difference');
    expect(wrong.length, wrong.join('\n')).toBeLessThanOrEqual(4);
  });

  test('a run and itself: every ratio is 1', () => {
    const comparison = compareRuns(made(7), made(7));
    expect(comparison.conclusion).toBe('no difference');
    expect(comparison.twins).toBe(true);
    expect(comparison.differing).toEqual([]);
    for (const { ratio, low, high } of comparison.figures) {
      expect(ratio).toBeCloseTo(1, 12);
      expect([low, high]).toEqual([expect.closeTo(1, 9), expect.closeTo(1, 9)]);
    }
  });
});

describe('runs that differ', () => {
  test('longer waits are named, biggest first, and nothing else is', () => {
    const comparison = compareRuns(made(1, { machine: quiet }), made(2, { machine: quiet, waits: 2 }));
    expect(comparison.conclusion).toMatch(/^8 figures moved: locks\.\w+\.wait\.(avg|p99) 2\.\d*x \(slower\), locks/);
    expect(comparison.moved.every((name) => /^locks\.\w+\.wait\.(avg|p99)$/.test(name))).toBe(true);
    const ratios = comparison.moved.map((name) => figure(comparison, name).ratio!);
    expect(ratios).toEqual([...ratios].sort((a, b) => b - a));
    for (const name of comparison.moved) {
      const { ratio, low, high, p } = figure(comparison, name);
      expect(low!).toBeLessThan(ratio!);
      expect(high!).toBeGreaterThan(ratio!);
      expect(low!).toBeGreaterThan(1.5);
      expect(p!).toBeLessThan(0.01);
    }
    expect(figure(comparison, 'locks.ring_lock.hold.avg').verdict).toBe('no difference');
  });

  test('a ratio is that of B to A, whose figures stand beside it', () => {
    const [a, b] = [made(1), made(2, { slower: 3 })];
    const there = compareRuns(a, b);
    const back = compareRuns(b, a);
    for (const one of there.figures) {
      expect(one.b! / one.a!).toBeCloseTo(one.ratio!, 9);
      expect(figure(back, one.name).ratio! * one.ratio!).toBeCloseTo(1, 9);
    }
    expect(figure(there, 'throughput.events')).toMatchObject({ verdict: 'slower', unit: '/s' });
    expect(figure(back, 'throughput.events').verdict).toBe('faster');
    expect(figure(there, 'latency.io_submit.p99').verdict).toBe('slower');
    expect(figure(back, 'latency.io_submit.p99').verdict).toBe('faster');
  });

  test('contentions are more or less, not fast or slow', () => {
    const a = made(1, { machine: quiet });
    const b = made(2, { machine: quiet });
    const less = {
      ...b,
      rounds: b.rounds.map((r) => ({ ...r, locks: r.locks.map((l) => ({ ...l, contentions: 30 })) })),
    };
    expect(figure(compareRuns(a, less), 'locks.ring_lock.contended').verdict).toBe('less');
    expect(figure(compareRuns(less, a), 'locks.ring_lock.contended').verdict).toBe('more');
  });

  test('a machine that was slower for the whole of a run is no slower kernel', () => {
    const comparison = compareRuns(made(1), made(2, { slower: 2, busier: 2 }));
    expect(comparison.conclusion).toBe('no difference');
    expect(figure(comparison, 'machine.between_rounds')).toMatchObject({ verdict: 'slower', note: null });
    expect(figure(comparison, 'throughput.events')).toMatchObject({
      verdict: 'no difference',
      doubt: 'machine',
      note: 'the time between rounds moved by a third as much, or more',
    });
    const text = comparisonText(comparison, { color: false, width: 160 });
    expect(text).toMatch(/throughput\.events .* no difference \(machine\)/);
    expect(text).toMatch(/Machine: \d+ figures moved, and so did the time between rounds/);
    // what moved by more than the machine can explain is still found
    const slower = compareRuns(made(1), made(2, { slower: 6, busier: 1.3 }));
    expect(figure(slower, 'throughput.events').verdict).toBe('slower');
    expect(slower.moved).not.toContain('machine.between_rounds');
  });

  test('a difference below the smallest of interest does not count', () => {
    const [a, b] = [made(1, { machine: quiet }), made(2, { machine: quiet, waits: 2 })];
    expect(compareRuns(a, b, { minEffect: 1.5 }).conclusion).toBe('no difference');
    expect(compareRuns(a, b, { minEffect: 0.5 }).moved).toHaveLength(8);
  });

  test('a run of another seed is compared by case, one of the same by round', () => {
    const [a, b] = [made(1), made(1, { waits: 2 })];
    expect(compareRuns(a, b).twins).toBe(true);
    expect(compareRuns(a, change(b, { seed: 2 })).twins).toBe(false);
    expect(compareRuns(a, change(b, { shard: { index: 1, of: 2 } })).twins).toBe(false);
    const rate = (run: Run) => figure(compareRuns(a, run), 'locks.ring_lock.wait.avg');
    // all noise is in the twin, too: only the doubling is left
    expect(rate(b).ratio).toBeCloseTo(2, 1);
    expect(rate(b).high! / rate(b).low!).toBeLessThan(
      rate(change(b, { seed: 2 })).high! / rate(change(b, { seed: 2 })).low!,
    );
  });

  test('parameters that differ are listed', () => {
    const b = change(
      made(2),
      { perturb: 'heavy' },
      { environment: { ...made(2).result.environment, node: 'v24.1.0' } },
    );
    expect(compareRuns(made(1), b).differing).toEqual([
      { name: 'perturb', a: 'light', b: 'heavy' },
      { name: 'seed', a: '1', b: '2' },
      { name: 'node', a: 'v20.20.2', b: 'v24.1.0' },
    ]);
  });
});

describe('too little to say', () => {
  test('few rounds claim nothing, whatever the ratio, and say how many there are', () => {
    const comparison = compareRuns(made(1, { rounds: 3 }), made(2, { rounds: 7, slower: 50 }));
    expect(comparison.moved).toEqual([]);
    expect(comparison.conclusion).toBe('too few rounds to say: 3 and 7, at least 8 are needed in each run');
    expect(figure(comparison, 'throughput.events')).toMatchObject({
      verdict: 'too few rounds',
      low: null,
      p: null,
      note: 'too few rounds: 3 and 7, at least 8 are needed in each run',
    });
  });

  test('a case of its own needs as many, though all cases together have enough', () => {
    const comparison = compareRuns(made(1, { rounds: 15, machine: quiet }), made(2, { rounds: 15, machine: quiet }));
    expect(figure(comparison, 'throughput.events').verdict).toBe('no difference');
    expect(figure(comparison, `throughput.${CASES[0]} (patched)`).note).toContain('too few rounds: 5 and 5,');
  });

  test('rounds with too few times count for no percentile', () => {
    const some = made(1);
    const bins = some.rounds[0]!.locks[0]!.wait.slice(0, 2).map((n, i) => (i === 0 ? n : 40));
    const thin = {
      ...some,
      rounds: some.rounds.map((r) => ({ ...r, locks: r.locks.map((l) => ({ ...l, wait: bins })) })),
    };
    const found = figure(compareRuns(made(2), thin), 'locks.ring_lock.wait.p99');
    expect(found.note).toBe('too few rounds: 60 and 0 with at least 100 waits, at least 8 are needed in each run');
    expect([found.b, found.ratio]).toEqual([null, null]);
  });

  test('rounds that were cut off are left out', () => {
    const cut = made(1);
    const rounds = cut.rounds.map((round, i) => (i % 4 === 3 ? { ...round, whole: false, ranMs: 1 } : round));
    expect(compareRuns({ ...cut, rounds }, made(2)).rounds).toEqual({ a: 45, b: 60 });
  });

  test('cases of one run only are left out, and named', () => {
    const comparison = compareRuns(made(1, { cases: CASES.slice(0, 2) }), made(2, { cases: CASES.slice(1) }));
    expect(comparison.cases).toEqual([`${CASES[1]} (patched)`]);
    expect(comparison.onlyA).toEqual([`${CASES[0]} (patched)`]);
    expect(comparison.onlyB).toEqual([`${CASES[2]} (patched)`]);
  });
});

describe('runs that cannot be compared', () => {
  const refusal = (b: Run, a = made(1)): string => {
    try {
      compareRuns(a, b);
    } catch (error) {
      expect(error).toBeInstanceOf(CompareError);
      return (error as Error).message;
    }
    throw new Error('they were compared');
  };

  test('are refused, by name and in one sentence', () => {
    const b = made(2);
    expect(refusal(change(b, { threads: 8 }))).toBe(
      'the runs cannot be compared, threads is 16 in A and 8 in B; run B again with --threads 16',
    );
    expect(refusal(change(b, { sanitize: 'none' }))).toContain('sanitize is address in A and none in B');
    expect(refusal(change(b, { arenaMib: 128 }))).toContain('--arena-mib 64');
    expect(refusal(change(b, {}, { schemaVersion: 3 }))).toContain('A has schema 2 and B schema 3');
    expect(refusal(makeRun({ ...{ seed: 1, rounds: 20, machine: quiet }, cases: ['another'] }))).toContain(
      'no scenario and build has a whole round in both',
    );
    expect(refusal(made(2, { whole: false }))).toContain('no scenario and build');
    for (const message of [refusal(change(b, { threads: 8 }))]) expect(message.split('\n')).toHaveLength(1);
  });

  test('another build of the same scenario is another case', () => {
    const b = made(2);
    const scenarios = b.result.scenarios.map((s) => ({ ...s, build: { reverted: ['exit_waits'] } }));
    expect(refusal({ ...b, result: { ...b.result, scenarios } })).toContain('no scenario and build');
  });
});

describe('what is printed', () => {
  const comparison = compareRuns(
    made(1, { machine: quiet }),
    change(made(2, { machine: quiet, waits: 2 }), { perturb: 'heavy' }),
    { names: { a: 'before', b: 'after' } },
  );

  test('the text has every figure, the test by name, and the conclusion last', () => {
    const text = comparisonText(comparison, { color: false, width: 160 });
    for (const { name } of comparison.figures) expect(text).toContain(name);
    expect(text).toContain("Welch's t on the means of 8 blocks");
    expect(text).toMatch(/run +before +after/);
    expect(text).toMatch(/perturb +light +heavy/);
    expect(text.trimEnd().split('\n').at(-1)).toBe(comparison.conclusion);
    expect(text).toMatch(
      /locks\.ring_lock\.wait\.avg +[\d,.]+ us +[\d,.]+ us +2\S*x +\S+x to \S+x +<?0\.\d+ +60, 60 +slower/,
    );
  });

  test('a narrow terminal loses columns, not figures or verdicts', () => {
    const text = comparisonText(comparison, { color: false, width: 100 });
    for (const { name } of comparison.figures) expect(text).toContain(name);
    expect(text).not.toContain('interval ');
    expect(text).toContain('slower');
  });

  test('colour says nothing that words do not', () => {
    const coloured = comparisonText(comparison, { color: true, width: 160 });
    expect(stripVTControlCharacters(coloured)).toBe(comparisonText(comparison, { color: false, width: 160 }));
  });

  test('Markdown has the same tables', () => {
    const text = comparisonMarkdown(comparison);
    expect(text).toMatch(/^# Comparison\n/);
    expect(text).toContain('| figure | A | B | B/A | 99 % interval | p | rounds | verdict |');
    for (const { name } of comparison.figures) expect(text).toContain(name.replace(/[\\`*[\]~]/g, '\\$&'));
    expect(text).toContain('8 figures moved');
  });

  test('JSON is whole', () => {
    expect(JSON.parse(JSON.stringify(comparison))).toEqual(comparison);
  });
});
