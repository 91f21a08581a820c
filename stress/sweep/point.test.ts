// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from 'vitest';
import { fixture } from '../report/fixture.test-data.ts';
import type { RoundSample, Run } from '../report/result.ts';
import { pointOf, samplesOf } from './point.ts';

const round = (reaped: number, part: Partial<RoundSample> = {}): RoundSample => ({
  number: 0,
  scenario: 0,
  startedMs: 0,
  ranMs: 500,
  whole: true,
  operations: { reaped },
  latency: {},
  locks: [],
  ...part,
});
const run = (...reaped: number[]): Run => ({ result: fixture, rounds: reaped.map((n) => round(n)), trace: [] });

test('a sample is a round: events in a second of the time that it ran', () => {
  expect(samplesOf([round(1), round(100), round(300, { ranMs: 1500 })])).toEqual([200, 200]);
});

test('rounds in which V8 compiles are left out, and those that were cut off', () => {
  expect(samplesOf([1, 2, 3, 4, 5, 6].map((n) => round(n)))).toEqual([6, 8, 10, 12]);
  expect(samplesOf([round(1), round(2), round(3, { whole: false })])).toEqual([4]);
  expect(samplesOf([round(1)])).toEqual([2]);
  expect(samplesOf([round(1, { whole: false })])).toEqual([]);
  expect(samplesOf([])).toEqual([]);
});

test('the samples of all passes are one set; its median and half the distance of its quartiles', () => {
  const point = pointOf(4, 'threads-4', [run(0, 10, 20), run(0, 30, 40)], fixture);
  expect(point).toMatchObject({
    threads: 4,
    folder: 'threads-4',
    samples: [20, 40, 60, 80],
    eventsPerSecond: 50,
    spread: 15,
  });
  expect(point?.locks).toBe(fixture.locks);
});

test('a width without a round has no figures', () => {
  expect(pointOf(4, 'threads-4', [run()], fixture)).toBeNull();
});
