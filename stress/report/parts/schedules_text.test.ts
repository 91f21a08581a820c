// SPDX-License-Identifier: GPL-2.0-only
/** The line that says what the deterministic engine ran. */
import { expect, test } from 'vitest';
import type { Schedules } from '../../result/run_result.ts';
import { schedulesLine } from './schedules_text.ts';

const spread = (sum: number) => ({ min: 1, max: 20_000, sum });
const ran: Schedules = {
  schedules: 1204,
  different: 1198,
  bounded: 0,
  whole: 1203,
  steps: spread(1204 * 14_703),
  points: spread(0),
  switches: spread(0),
  firstFinding: 13,
  pctBound: null,
  search: null,
};

test('how many, how long, and when something showed', () => {
  expect(schedulesLine(ran)).toBe('1,204 schedules (1,198 different), 14,700 steps each; first finding at schedule 13');
});

test('what limits it is said where there is something', () => {
  const search = 'all 40 schedules within 0 preemptions explored';
  const line = schedulesLine({ ...ran, firstFinding: null, bounded: 7, search, pctBound: 1 / 52_812_345 });
  expect(line).toBe(
    '1,204 schedules (1,198 different), 14,700 steps each; 7 cut off at their last step, which say nothing; ' +
      `${search}; pct finds a bug of its depth in one of 52,800,000 at least`,
  );
});

test('no schedules have no steps', () => {
  expect(schedulesLine({ ...ran, schedules: 0, different: 0, firstFinding: null })).toBe('0 schedules (0 different)');
});
