// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from 'vitest';
import type { SampleRecord } from './records.ts';
import { Timeline } from './timeline.ts';

const sample = (i: number): SampleRecord => ({
  t: 'sample',
  n: i,
  ms: 250 * i + 125,
  spanMs: 250,
  events: 10 + (i % 3),
  occupancy: i % 4 === 0 ? null : 0.5,
  freeSlots: i % 4 === 0 ? null : 0.25,
  contexts: 1,
  gracePeriods: 1,
  activity: i % 2 === 0 ? 'us' : 'uk',
});

test.each([10, 1199, 1200, 1201, 5000, 40_000])('%i samples: few points, and nothing is lost', (count) => {
  const timeline = new Timeline();
  for (let i = 0; i < count; i++) timeline.add(sample(i), 0, 0);
  const points = timeline.points();
  expect(points.length).toBeLessThanOrEqual(1200);
  expect(points.length).toBeGreaterThanOrEqual(Math.min(count, 600));
  // Points follow each other without a gap, so that rates times lengths give all events.
  let from = 0;
  let events = 0;
  for (const { ms, eventsPerSecond } of points) {
    const length = 2 * (ms - from);
    events += (eventsPerSecond * length) / 1000;
    from += length;
  }
  expect(from).toBeCloseTo(250 * count, 3);
  expect(events).toBeCloseTo(
    Array.from({ length: count }, (_, i) => 10 + (i % 3)).reduce((a, b) => a + b),
    3,
  );
  expect(
    points.every(({ occupancy, freeSlots }) => occupancy === null || (occupancy === 0.5 && freeSlots === 0.25)),
  ).toBe(true);
});
