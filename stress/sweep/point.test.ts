// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from 'vitest';
import { fixture } from '../result/fixture.test-data.ts';
import type { RoundSample, Run } from '../result/run_result.ts';
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
  expect(samplesOf([round(1), round(1), round(300, { ranMs: 1500 })])).toEqual([200]);
});

test('rounds before three seconds of running are left out, a third at least and two thirds at most', () => {
  const of = (n: number, ranMs: number): number =>
    samplesOf(Array.from({ length: n }, () => round(1, { ranMs }))).length;
  expect([1, 2, 3, 4, 5, 6].map((n) => of(n, 1000))).toEqual([1, 1, 1, 2, 2, 3]);
  expect(of(12, 1000)).toBe(8);
  expect(of(12, 250)).toBe(4);
  expect(of(60, 1000)).toBe(40);
  expect(samplesOf([1, 2, 3, 4, 5, 6].map((n) => round(n, { ranMs: 1000 })))).toEqual([4, 5, 6]);
});

test('rounds that were cut off say nothing', () => {
  expect(samplesOf([round(1), round(2), round(3, { whole: false })])).toEqual([4]);
  expect(samplesOf([round(1, { whole: false })])).toEqual([]);
  expect(samplesOf([])).toEqual([]);
});

test('the samples of all passes are one set; its median and half the distance of its quartiles', () => {
  const point = pointOf(4, 'threads-4', [run(0, 0, 0, 0, 10, 20), run(0, 0, 0, 0, 30, 40)], fixture);
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
