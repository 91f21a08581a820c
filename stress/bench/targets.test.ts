// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from 'vitest';
import { makeBench } from './bench.test-data.ts';
import { STATUSES } from './bench_result.ts';
import { statusText, TARGETS, targetRows } from './targets.ts';

const rowOf = (bench: ReturnType<typeof makeBench>, id: string) => bench.targets.find((row) => row.id === id)!;

test('each target has a floor below it and a moonshot above', () => {
  for (const { id, floor, target, moonshot } of TARGETS) {
    expect(floor, id).toBeLessThan(target);
    expect(target, id).toBeLessThan(moonshot);
  }
  expect(new Set(TARGETS.map(({ id }) => id)).size).toBe(TARGETS.length);
});

test('what was measured is graded by where it lies', () => {
  const bench = makeBench({ noise: 0 });
  // 20 ns of C by 60 of the port
  expect(rowOf(bench, 'one-thread')).toMatchObject({ ratio: expect.closeTo(1 / 3, 9), status: 'met' });
  expect(rowOf(bench, 'shared-context-2')).toMatchObject({ status: 'below the floor' });
  expect(statusText(rowOf(bench, 'shared-context-2'))).toBe('missed by 2.40x, below the floor');
  expect(rowOf(bench, 'kernel')).toMatchObject({ ratio: expect.closeTo(400 / 60, 9), status: 'met' });
  expect(rowOf(bench, 'checked')).toMatchObject({ ratio: 0.05, status: 'missed' });
  expect(statusText(rowOf(bench, 'checked'))).toBe('missed by 2.60x');
  expect(statusText({ ...rowOf(bench, 'checked'), ratio: 0.1298 })).toBe('just missed');
  expect(rowOf(bench, 'sixteen-against-two')).toMatchObject({ ratio: 1, status: 'moonshot' });
  expect(statusText(rowOf(bench, 'sixteen-against-two'))).toBe('met, and the moonshot');
});

test('a slower port misses what it met, a slower machine does not', () => {
  expect(rowOf(makeBench({ portSlower: 1.5 }), 'one-thread').status).toBe('missed');
  expect(rowOf(makeBench({ portSlower: 2 }), 'one-thread').status).toBe('below the floor');
  expect(rowOf(makeBench({ machineSlower: 3, noise: 0 }), 'one-thread').status).toBe('met');
});

test('every target is measured by the parts, and none without them', () => {
  const { groups } = makeBench();
  expect(targetRows(groups).every(({ ratio }) => ratio !== null)).toBe(true);
  const none = targetRows([]);
  expect(none.map(({ status }) => status)).toEqual(TARGETS.map(() => 'not measured'));
  expect(none.map(statusText)).toEqual(TARGETS.map(() => 'not measured'));
  expect(new Set(STATUSES).size).toBe(STATUSES.length);
});

test('a target whose rounds are noisy is marked', () => {
  const bench = makeBench({ foreign: (round) => (round < 2 ? 0 : 1) });
  expect(bench.targets.every(({ doubtful }) => doubtful)).toBe(true);
  expect(makeBench({ foreign: (round) => (round < 3 ? 0 : 1) }).targets.some(({ doubtful }) => doubtful)).toBe(false);
});
