// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from 'vitest';
import type { GroupSpec, Sample } from './bench_result.ts';
import { busyMs, NOISY_CPUS } from './foreign.ts';
import { Collector, counting, ratioOf, ratiosOf, spreadPercent } from './samples.ts';

const spec: GroupSpec = {
  part: 'port',
  table: 'table',
  column: 'column',
  width: 1,
  unit: 'ns',
  what: 'the time of an event',
  baseline: 'C',
  relation: 'speed',
};
const samples = (values: readonly number[], foreign: (round: number) => number | null = () => 0): Sample[] =>
  values.map((value, round) => ({ round, value, foreign: foreign(round) }));
const ours = { name: 'ours', ours: true, absent: null };
const c = { name: 'C', ours: false, absent: null };

function collected(here: readonly Sample[], base: readonly Sample[]) {
  const collector = new Collector(spec, [ours, c]);
  for (const sample of here) collector.add('ours', sample);
  for (const sample of base) collector.add('C', sample);
  const [first, second] = collector.finish().contestants;
  return { ours: first!, c: second! };
}

test('a ratio is of windows of the same round, whatever the machine did between the rounds', () => {
  const slow = [1, 5, 1, 9, 2];
  const { ours: found } = collected(samples(slow.map((by) => 40 * by)), samples(slow.map((by) => 10 * by)));
  expect(found.ratio).toBeCloseTo(0.25, 12);
  expect(found.ratioSpreadPercent).toBeCloseTo(0, 12);
  expect(found.value).toBe(80);
  expect(found.spreadPercent!).toBeGreaterThan(50);
});

test('a round that one of the two does not have makes no ratio', () => {
  const here = samples([40, 40, 40]);
  const base = samples([10, 10, 10]).slice(1);
  expect(ratiosOf(spec, here, base).map(({ round }) => round)).toEqual([1, 2]);
  expect(ratiosOf(spec, here, [])).toEqual([]);
  expect(collected(here, []).ours).toMatchObject({ ratio: null, ratioSpreadPercent: null, value: 40 });
});

test('noisy rounds do not count where others are left, and count with a mark where too few are', () => {
  const busy = (from: number) => (round: number) => (round >= from ? NOISY_CPUS + 0.1 : NOISY_CPUS);
  const values = [10, 10, 10, 90, 90, 90, 90];
  const quiet = collected(samples(values, busy(3)), samples(values.map(() => 10)));
  expect(quiet.ours).toMatchObject({ ratio: 1, value: 10, noisyRounds: 4, doubtful: false });
  const loud = collected(samples(values, busy(2)), samples(values.map(() => 10)));
  expect(loud.ours).toMatchObject({ value: 90, noisyRounds: 5, doubtful: true });
  // a neighbour in the baseline's window spoils the ratio, not the value
  const spoilt = collected(
    samples(values),
    samples(
      values.map(() => 10),
      busy(3),
    ),
  );
  expect(spoilt.ours).toMatchObject({ ratio: 1, value: 90, noisyRounds: 4 });
});

test('where nobody knows what others do every round counts, without a mark', () => {
  const { ours: found } = collected(
    samples([20, 20, 20], () => null),
    samples([10, 10, 10], () => null),
  );
  expect(found).toMatchObject({ ratio: 0.5, noisyRounds: 0, doubtful: false });
});

test('one round is as quiet as it is', () => {
  expect(counting([0.9], () => true)).toEqual({ counted: [0.9], doubt: true });
  expect(counting([0.9], () => false)).toEqual({ counted: [0.9], doubt: false });
  expect(counting([], () => true)).toEqual({ counted: [], doubt: false });
});

test('speed is how many times as fast, cost how many times as much, for times and for rates', () => {
  expect(ratioOf({ relation: 'speed', unit: 'ns' }, 50, 100)).toBe(2);
  expect(ratioOf({ relation: 'cost', unit: 'ns' }, 50, 100)).toBe(0.5);
  expect(ratioOf({ relation: 'speed', unit: '/s' }, 50, 100)).toBe(0.5);
});

test('the spread is half the distance between the quartiles, in percent of the median', () => {
  expect(spreadPercent([])).toBeNull();
  expect(spreadPercent([7])).toBe(0);
  // quartiles 2.5 and 5.5
  expect(spreadPercent([1, 2, 3, 4, 5, 6, 7])).toBeCloseTo((50 * 3) / 4, 9);
});

test('a contestant that is not there says why, and has no figures', () => {
  const collector = new Collector(spec, [{ ...ours, absent: 'there is no gcc' }]);
  expect(collector.finish().contestants).toEqual([
    expect.objectContaining({ absent: 'there is no gcc', value: null, ratio: null, samples: [], doubtful: false }),
  ]);
});

test('who had nothing to measure says why, unless another time there was something', () => {
  const collector = new Collector(spec, [ours, c]);
  for (const name of ['ours', 'C']) collector.miss(name, 'nothing was free');
  collector.add('C', { round: 1, value: 5, foreign: 0 });
  expect(collector.finish().contestants.map(({ absent }) => absent)).toEqual(['nothing was free', null]);
});

test('busy is what runs, in ms: not idling, not waiting for a disk', () => {
  const stat = 'cpu  100 10 20 9999 8888 3 4 5 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n';
  expect(busyMs(stat)).toBe(10 * (100 + 10 + 20 + 3 + 4 + 5));
});
