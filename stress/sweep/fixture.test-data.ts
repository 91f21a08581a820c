// SPDX-License-Identifier: GPL-2.0-only
/** A sweep written by hand, for the tests of its printers: contended, and with a peak inside of what was measured. */
import { fixture } from '../result/fixture.test-data.ts';
import type { Sweep, SweepPoint } from './sweep_result.ts';
import { fitUsl } from './usl.ts';

const point = (threads: number, eventsPerSecond: number, share: number): SweepPoint => ({
  threads,
  folder: `threads-${threads}`,
  samples: [0.97, 0.99, 1, 1.01, 1.03].map((factor) => eventsPerSecond * factor),
  eventsPerSecond,
  spread: 0.01 * eventsPerSecond,
  locks: fixture.locks.map((lock) => ({ ...lock, waitTotal: lock.contentions === 0 ? 0 : lock.waitTotal * share })),
  latency: fixture.latency,
});

const points = [
  point(1, 680_000, 0),
  point(2, 940_000, 1),
  point(4, 890_000, 2),
  point(8, 520_000, 4),
  point(16, 240_000, 5),
];

export const sweepFixture: Sweep = {
  schemaVersion: 1,
  startedAt: '2026-11-21T03:12:00.000Z',
  interrupted: false,
  again: '--sweep threads=1,2,4,8,16 --minutes 5 --seed 42',
  environment: fixture.environment,
  points,
  fit: fitUsl(points),
};
