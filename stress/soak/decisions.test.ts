// SPDX-License-Identifier: GPL-2.0-only
/** What a soak decides between its runs. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { failed, mayRerun, nextRunMs, seedOf } from './budget.ts';
import { bytesNeeded, isMerged, whatToKeep, worstFirst } from './keep.ts';
import { failureRates, rateText } from './rates.ts';
import type { Kept, SoakRun } from './soak_result.ts';

const MIB = 2 ** 20;

function run(number: number, exitCode: number, part: Partial<SoakRun> = {}): SoakRun {
  return {
    number,
    seed: 100 + number,
    rerunOf: null,
    exitCode,
    verdict: 'passed',
    reason: '',
    folder: `run-${number}`,
    elapsedMs: 600_000,
    rounds: 500,
    eventsPerSecond: 1_000_000,
    kept: 'whole',
    bytes: 10 * MIB,
    logBytes: 4 * MIB,
    ...part,
  };
}

describe('time', () => {
  test('seeds differ, and follow from the first', () => {
    const seeds = Array.from({ length: 1000 }, (_, n) => seedOf(42, n));
    expect(new Set(seeds).size).toBe(1000);
    expect(seeds.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32)).toBe(true);
    expect(seedOf(42, 7)).toBe(seeds[7]);
    expect(seedOf(43, 7)).not.toBe(seeds[7]);
  });

  test.each([
    [3_600_000, 600_000, 600_000],
    [900_000, 600_000, 600_000],
    [899_999, 600_000, 899_999],
    [300_000, 600_000, 300_000],
    [299_999, 600_000, null],
    [-5000, 600_000, null],
  ])('with %i ms left a run of %i ms gets %s', (left, ms, gets) => {
    expect(nextRunMs(left, ms)).toBe(gets);
  });

  test('the whole time is used, but for what no run can use', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1000, max: 1e8 }), fc.integer({ min: 1000, max: 1e7 }), (total, asked) => {
        const runMs = Math.min(total, asked);
        let left = total;
        for (let ms = nextRunMs(left, runMs); ms !== null; ms = nextRunMs(left, runMs)) left -= ms;
        expect(left).toBeGreaterThanOrEqual(0);
        expect(left).toBeLessThanOrEqual(runMs / 2);
      }),
    );
  });

  test('failures are run again, but what was stopped or refused is not', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 129, 130, 143].filter(failed)).toEqual([2, 3, 4, 5, 6]);
  });

  test('half of the time at most goes to running them again', () => {
    expect(mayRerun(0, 600, 3600)).toBe(true);
    expect(mayRerun(1200, 600, 3600)).toBe(true);
    expect(mayRerun(1201, 600, 3600)).toBe(false);
  });
});

describe('what is kept', () => {
  const runs = [
    run(1, 0, { eventsPerSecond: 900 }),
    run(2, 5),
    run(3, 0, { eventsPerSecond: 800 }),
    run(4, 2),
    run(5, 4),
    run(6, 3),
    run(7, 6),
    run(8, 2, { rerunOf: 4 }),
    run(9, 0, { folder: null, kept: 'nothing', bytes: 0, logBytes: 0 }),
  ];
  const rule = { keep: 3, budgetBytes: 1000 * MIB };
  const listOf = (kept: ReadonlyMap<number, Kept>, what: Kept): number[] =>
    [...kept].flatMap(([number, is]) => (is === what ? [number] : []));

  test('the worst by verdict, then the slowest', () => {
    expect(worstFirst(runs).map(({ number }) => number)).toEqual([4, 8, 6, 7, 2, 5, 3, 1, 9]);
  });

  test('the worst runs whole, the logs of the others, and nothing of a repetition', () => {
    const kept = whatToKeep(runs, rule);
    expect(listOf(kept, 'whole')).toEqual([4, 8, 6]);
    expect(listOf(kept, 'log')).toEqual([7, 2, 5, 3, 1]);
    const none = whatToKeep(runs, { ...rule, keep: 1 });
    expect(listOf(none, 'nothing')).toEqual([8]);
  });

  test('above the budget whole folders become logs first, then the logs of the best go', () => {
    // Two copies of the log of each: 5 x 8 MiB, and 14 or 10 MiB for each of the three.
    const kept = whatToKeep(runs, { keep: 3, budgetBytes: 70 * MIB });
    expect(listOf(kept, 'whole')).toEqual([4]);
    expect(listOf(kept, 'nothing')).toEqual([8]);
    const fewer = whatToKeep(runs, { keep: 3, budgetBytes: 40 * MIB });
    expect(listOf(fewer, 'whole')).toEqual([4]);
    expect(listOf(fewer, 'log')).toEqual([6, 7, 2]);
    expect(listOf(fewer, 'nothing')).toEqual([8, 5, 3, 1]);
  });

  test('a disk without room takes reports, the best run’s first, and no log', () => {
    const kept = whatToKeep(runs, rule, 76 * MIB);
    expect(listOf(kept, 'whole')).toEqual([4, 8]);
    expect(listOf(kept, 'log')).toEqual([6, 7, 2, 5, 3, 1]);
    const none = whatToKeep(runs, rule, -1);
    expect(listOf(none, 'whole')).toEqual([4]);
    expect(listOf(none, 'log')).toEqual([8, 6, 7, 2, 5, 3, 1]);
    expect(listOf(none, 'nothing')).toEqual([]);
  });

  test('the very worst run stays, whatever the budget', () => {
    expect(whatToKeep(runs, { keep: 0, budgetBytes: 0 }).get(4)).toBe('log');
    expect(whatToKeep(runs, { keep: 3, budgetBytes: 0 }).get(4)).toBe('whole');
  });

  test('what is gone stays gone, and it fits whenever it can', () => {
    const some = fc.record({
      exitCode: fc.constantFrom(0, 2, 3, 4, 5, 6),
      eventsPerSecond: fc.nat(1000),
      kept: fc.constantFrom<Kept>('whole', 'log', 'nothing'),
      rerunOf: fc.constantFrom(null, 1),
      logBytes: fc.nat(100),
      more: fc.nat(100),
    });
    const size: Record<Kept, number> = { nothing: 0, log: 1, whole: 2 };
    fc.assert(
      fc.property(fc.array(some, { minLength: 1 }), fc.nat(5), fc.nat(2000), (parts, keep, budgetBytes) => {
        const before = parts.map(({ more, exitCode, ...part }, i) =>
          run(i + 1, exitCode, { ...part, bytes: part.logBytes + more }),
        );
        const kept = whatToKeep(before, { keep, budgetBytes });
        const after = before.map((r) => ({ ...r, kept: kept.get(r.number) as Kept }));
        for (const [i, r] of before.entries()) expect(size[after[i]!.kept]).toBeLessThanOrEqual(size[r.kept]);
        const [worst] = worstFirst(after);
        expect(bytesNeeded(after.filter((r) => r.number !== worst!.number))).toBeLessThanOrEqual(budgetBytes);
      }),
    );
  });

  test('the merged report has every run of its own that has a log', () => {
    expect(isMerged(run(1, 0))).toBe(true);
    expect(isMerged(run(1, 0, { kept: 'log' }))).toBe(true);
    expect(isMerged(run(1, 0, { kept: 'nothing' }))).toBe(false);
    expect(isMerged(run(2, 2, { rerunOf: 1 }))).toBe(false);
  });
});

describe('how often a seed fails', () => {
  test('its first run counts, one that was stopped does not', () => {
    const runs = [
      run(1, 0),
      run(2, 2),
      ...[0, 0, 3, 0, 0].map((exitCode, i) => run(3 + i, exitCode, { rerunOf: 2, seed: 102 })),
      run(8, 130, { rerunOf: 2, seed: 102 }),
      run(9, 4),
    ];
    expect(failureRates(runs)).toEqual([{ run: 2, seed: 102, runs: 6, failed: 2 }]);
  });

  test('as text', () => {
    expect(rateText({ run: 2, seed: 1, runs: 6, failed: 2 })).toBe('fail=2 (33.3%), pass=4 (66.7%) of 6 runs');
  });
});
