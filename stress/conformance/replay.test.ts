// SPDX-License-Identifier: GPL-2.0-only
/** The port answers as the kernel did whose answers were recorded; and a port that did not would be found out. */
import { describe, expect, test } from 'vitest';
import { SLUGS, type Slug } from '../../src/reverts/registry.ts';
import { appliesToPort, compare, expectedOfPort } from './compare.ts';
import { runOnPort } from './port.ts';
import type { Answer, Trace, TraceOp } from './trace.ts';
import { recorded } from './trace_file.ts';

const { possible_cpus, traces } = recorded();
const byId = traces.map((trace) => [trace.id, trace] as const);

const replay = (trace: Trace, cpus: number, reverted: readonly Slug[] = []) =>
  compare(runOnPort(trace, cpus, reverted), expectedOfPort(trace, cpus));

/** A trace made here. */
const made = (...ops: TraceOp[]): Trace => ({ id: 'made', checks: '', applies: ['v3.17'], ops });

test('there are 14 traces, and all of them are about v3.17, too', () => {
  expect(traces.filter(appliesToPort)).toHaveLength(14);
  expect(new Set(traces.map(({ id }) => id)).size).toBe(14);
});

test('a trace of later kernels only is not for the port', () => {
  expect(appliesToPort({ ...made(), applies: ['v6.18'] })).toBe(false);
});

test.each(byId)('%s: the port answers what was recorded', (_id, trace) => {
  expect(replay(trace, possible_cpus)).toEqual([]);
});

const WRONG = 'wrong';
const v317 = (op: TraceOp): Answer => ({ ...op.expect, ...op.expect_v317 });

test.each(byId)('%s: each wrong expectation is reported, with the right answer', (_id, trace) => {
  const ops = trace.ops.map((op): TraceOp => {
    const expect_v317 = Object.fromEntries(Object.keys(v317(op)).map((field) => [field, WRONG]));
    return { ...op, expect_v317 };
  });
  expect(replay({ ...trace, ops }, possible_cpus)).toEqual(
    trace.ops.flatMap((op, index) =>
      Object.entries(v317(op)).map(([field, actual]) => ({ op: index, field, expected: WRONG, actual })),
    ),
  );
});

/** What one CPU, which answers one call after the other, shows of the fixes. The other fixes need a race to be seen. */
const SHOWN: Partial<Record<Slug, readonly string[]>> = {
  async_destroy: ['H23-destroy'],
  track_ring_occupancy: [
    'H13-overcommit-user-reap',
    'H16-refill-exact',
    'H40-two-contexts',
    'H41-full-ring-precedence',
  ],
};

test.each(SLUGS)('without %s the answers are wrong where that commit is to be seen, and nowhere else', (slug) => {
  const wrong = traces.filter((trace) => replay(trace, possible_cpus, [slug]).length > 0);
  expect(wrong.map(({ id }) => id)).toEqual(SHOWN[slug] ?? []);
});

test('what v3.17 answers stands over what the recording kernel did', () => {
  const ops: TraceOp[] = [
    { op: 'io_setup', ctx: 'c', nr_events: 16, expect: { ret: 0 } },
    { op: 'aio_nr', expect: { delta: 16 }, expect_v317: { delta: 32 } },
  ];
  expect(replay(made(...ops), 2)).toEqual([]);
  const [setup, aioNr] = ops as [TraceOp, TraceOp];
  const { op, expect: expected = {} } = aioNr;
  expect(replay(made(setup, { op, expect: expected }), 2)).toEqual([
    { op: 1, field: 'delta', expected: 16, actual: 32 },
  ]);
});

test('a call that would never return is reported, and ends the trace', () => {
  const trace = made(
    { op: 'io_setup', ctx: 'c', nr_events: 1, expect: { ret: 0 } },
    { op: 'io_getevents', ctx: 'c', min_nr: 1, nr: 1, timeout: null, expect: { ret: 1 } },
  );
  expect(replay(trace, 2)).toEqual([
    { op: 1, field: 'oops', expected: null, actual: 'hang: the only CPU would sleep for ever' },
  ]);
});

test('a step that the port does not know is an error, not an agreement', () => {
  expect(() => replay(made({ op: 'io_uring_setup' }), 2)).toThrow('there is no op io_uring_setup');
});

describe('on other machines', () => {
  /** Traces that hit neither the limit of slots nor the quota, which are all that the number of CPUs decides. */
  const anywhere = ['H02', 'H05', 'H08', 'H10', 'H20', 'H26', 'H32', 'H35', 'H39'];
  const independent = byId.filter(([id]) => anywhere.some((prefix) => id.startsWith(prefix)));
  const cases = [1, 4, 8].flatMap((cpus) => independent.map(([id, trace]) => [id, cpus, trace] as const));

  test.each(cases)('%s on %i CPUs: the port answers what was recorded', (_id, cpus, trace) => {
    expect(replay(trace, cpus)).toEqual([]);
  });

  // Slots go to a CPU in batches of max(1, 126 / (4 * CPUs)); what is less than a batch stays behind.
  test.each([
    [1, 124],
    [2, 120],
    [4, 126],
    [8, 126],
  ])('on %i CPUs one CPU gets %i requests into a ring of 127', (cpus, limit) => {
    const trace = made(
      { op: 'file', file: 'f', size: 4096 },
      { op: 'open', fd: 'fd', file: 'f', mode: 'r' },
      { op: 'buffer', buf: 'b', size: 64 },
      { op: 'io_setup', ctx: 'c', nr_events: 1, expect: { ret: 0, ring_nr: 127 } },
      { op: 'iocbs', prefix: 'i', count: 254, cmd: 'pread', each: { fd: 'fd', buf: 'b', nbytes: 1, data: 0 } },
      { op: 'io_submit', ctx: 'c', iocbs: { prefix: 'i', count: 254, from: 0 }, expect: { ret: limit } },
      { op: 'io_submit', ctx: 'c', iocbs: { prefix: 'i', count: 1, from: limit }, expect: { ret: '-EAGAIN' } },
      { op: 'user_reap', ctx: 'c', max: 1, expect: { ret: 1, events: [['i0', 0, 1, 0]] } },
      { op: 'io_submit', ctx: 'c', iocbs: { prefix: 'i', count: 9, from: limit }, expect: { ret: 1 } },
      { op: 'io_destroy', ctx: 'c', expect: { ret: 0 } },
    );
    expect(replay(trace, cpus)).toEqual([]);
  });
});
