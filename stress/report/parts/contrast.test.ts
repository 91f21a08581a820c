// SPDX-License-Identifier: GPL-2.0-only
/** The contrast of a call's time: where the builds differ, where they do not, and where nobody can tell. */
import { expect, test } from 'vitest';
import { distribution } from '../../result/distribution.ts';
import { fixture } from '../../result/fixture.test-data.ts';
import type { Run, RunResult, ScenarioResult } from '../../result/run_result.ts';
import { toHtml } from '../page/page.ts';
import { toConsole } from '../printers/console.ts';
import { toMarkdown } from '../printers/markdown.ts';
import { contrastsOf, type Ratio, ratioOf } from './contrast.ts';

const NAME = 'destroy_waits_for_grace_period';

function built(reverted: readonly string[], medians: readonly number[]): ScenarioResult {
  const [scenario] = fixture.scenarios as [ScenarioResult];
  const latency = distribution([40, 9, 60, 1]);
  return { ...scenario, name: NAME, build: { reverted }, contrast: { call: 'io_destroy', latency, medians } };
}
const both = (patched: readonly number[], reverted: readonly number[]): ScenarioResult[] => [
  built(['async_destroy'], reverted),
  built([], patched),
];
const PATCHED = [100, 110, 95, 105, 102];
const text = (scenarios: readonly ScenarioResult[]): string | undefined => contrastsOf(scenarios)[0]?.text;

test('a build that takes longer, as long, or less time', () => {
  expect(text(both(PATCHED, [150, 160, 155, 148]))).toMatch(
    /^Without the fix io_destroy\(\) takes longer: its median is 1\.5\d times that of the patched build \(1\.\d\d to 1\.\d\d with 95 % confidence, 4 pairs of rounds\)$/,
  );
  expect(text(both(PATCHED, [104, 96, 109, 101]))).toContain('takes as long, as far as this run can tell');
  expect(text(both([150, 160, 155], PATCHED))).toContain('takes less time: ');
});

test('one round of a build is too few, and a build that was not run is not compared', () => {
  expect(text(both(PATCHED, [150]))).toBe(
    'one pair of rounds is too few to compare the builds; type a longer --duration',
  );
  expect(contrastsOf([built(['async_destroy'], PATCHED)])).toEqual([]);
  expect(contrastsOf(fixture.scenarios)).toEqual([]);
});

test('the interval is Student’s, over the logarithms of the pairs’ ratios', () => {
  // Logarithms 0, 1 and 2: mean 1, deviation 1. The t of 2 degrees of freedom is 4.303.
  const { pairs, ratio, low, high } = ratioOf([7, 9, 11, 5], [7, 9 * Math.E, 11 * Math.E ** 2]) as Ratio;
  expect([pairs, ratio]).toEqual([3, expect.closeTo(Math.E, 9)]);
  expect(Math.log(high) - 1).toBeCloseTo(4.303 / Math.sqrt(3), 3);
  expect(1 - Math.log(low)).toBeCloseTo(4.303 / Math.sqrt(3), 3);
});

test('what the workloads differ in is no difference of the builds', () => {
  const workloads = [10, 1000, 30, 4000, 200];
  const found = ratioOf(workloads, [15, 1480, 46, 5950, 303]) as Ratio;
  expect(found.low).toBeGreaterThan(1.4);
  expect(found.high).toBeLessThan(1.6);
});

test('each printer has the builds next to each other, and the sentence', () => {
  const result: RunResult = { ...fixture, scenarios: both(PATCHED, [150, 160, 155, 148]) };
  for (const printed of [
    toConsole(result, { color: false, width: 120 }),
    toMarkdown(result),
    toHtml({ result } as Run),
  ]) {
    expect(printed).toContain('io_destroy() with and without the fix');
    expect(printed).toContain('reverted: async_destroy');
    expect(printed.replace(/\s+/g, ' ')).toContain('Without the fix io_destroy() takes longer');
  }
});
