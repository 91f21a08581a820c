// SPDX-License-Identifier: GPL-2.0-only
/** The steps of a trace and its answers, one by one and as a file has them. */
import { expect, test } from 'vitest';
import { folded, recordedAnswers, stepsOf } from './steps.ts';
import type { TraceOp } from './trace.ts';

const one: TraceOp = { op: 'aio_nr' };
const body: TraceOp[] = [one, { op: 'repeat', times: 2, body: [one] }];
const ops: TraceOp[] = [one, { op: 'repeat', times: 2, body }];
const n = (delta: number) => ({ delta });

test('each round counts', () => {
  expect([...stepsOf(ops)].map(({ index, at }) => [index, at])).toEqual([
    [0, '0'],
    [1, '1 round 0 step 0'],
    [1, '1 round 0 step 1 round 0 step 0'],
    [1, '1 round 0 step 1 round 1 step 0'],
    [1, '1 round 1 step 0'],
    [1, '1 round 1 step 1 round 0 step 0'],
    [1, '1 round 1 step 1 round 1 step 0'],
  ]);
});

test('a repeat answers with its first round', () => {
  const inner = (alike: number, first: number) => ({ alike, first: [n(first)] });
  expect(folded(ops, [0, 1, 2, 2, 1, 2, 2].map(n))).toEqual([n(0), { alike: 2, first: [n(1), inner(2, 2)] }]);
  expect(folded(ops, [0, 1, 2, 3, 1, 2, 2].map(n))).toEqual([n(0), { alike: 1, first: [n(1), inner(1, 2)] }]);
});

test('a repeat that was not finished has no answer', () => {
  expect(folded(ops, [0, 1, 2, 2, 1, 2].map(n))).toEqual([n(0)]);
  expect(folded(ops, [])).toEqual([]);
});

test('what was recorded of a repeat holds for each round, and what was not is as it is now', () => {
  const recorded: TraceOp[] = [one, { op: 'repeat', times: 2, body: [one], expect: { alike: 2, first: [n(7)] } }, one];
  expect(recordedAnswers(recorded, [1, 2, 3, 4].map(n))).toEqual([n(1), n(7), n(7), n(4)]);
});
