// SPDX-License-Identifier: GPL-2.0-only
/** The port answers as the kernel did whose answers were recorded; and a port that did not would be found out. */
import { describe, expect, test } from 'vitest';
import { REVERTIBLE, type Slug } from '../../src/reverts/registry.ts';
import { appliesToPort, compareOps, expectedOfPort } from './judge/compare.ts';
import { runOnPort } from './port/port.ts';
import { projectTraces, recorded } from './trace/file.ts';
import type { Answer } from './trace/kinds.ts';
import type { Trace, TraceOp } from './trace/trace.ts';

/** Every trace of the project, with the possible CPUs that its answers are for. */
const all = projectTraces().flatMap(({ meta, traces }) =>
  traces.map((trace) => ({ trace, cpus: trace.possible_cpus ?? meta.env.possible_cpus })),
);
const forPort = all.filter(({ trace }) => appliesToPort(trace));
const given = new Set(recorded().traces.map(({ id }) => id));
const byId = forPort.map(({ trace, cpus }) => [trace.id, trace, cpus] as const);

function replay(trace: Trace, cpus: number, reverted: readonly Slug[] = []) {
  const outcome = runOnPort(trace, cpus, reverted);
  return compareOps(trace, outcome, expectedOfPort(trace, cpus, outcome.answers).answers);
}

/** A trace made here. */
const made = (...ops: TraceOp[]): Trace => ({ id: 'made', checks: '', applies: ['v3.17'], ops });

test('there are 14 given traces and a hundred of our own, each with a name of its own', () => {
  expect(given.size).toBe(14);
  expect(forPort.length).toBeGreaterThan(14 + 100);
  expect(new Set(all.map(({ trace }) => trace.id)).size).toBe(all.length);
});

test('each trace of our own says where it comes from and what it checks', () => {
  const mute = all.filter(({ trace }) => !trace.source || !trace.checks).map(({ trace }) => trace.id);
  expect(mute).toEqual([]);
});

test('a trace of later kernels only is not for the port', () => {
  expect(appliesToPort({ ...made(), applies: ['v6.18'] })).toBe(false);
});

const WRONG = 'wrong';

/** The trace with every expectation wrong. @param right - what it expects of each op */
const spoilt = (trace: Trace, right: readonly Answer[]): Trace => ({
  ...trace,
  ops: trace.ops.map((op, i) => ({
    ...op,
    expect_v317: Object.fromEntries(Object.keys(right[i] ?? {}).map((field) => [field, WRONG])),
  })),
});

test.each(byId)(
  '%s: the port answers what was recorded, and each wrong expectation is reported',
  (_id, trace, cpus) => {
    const outcome = runOnPort(trace, cpus);
    const { answers: right } = expectedOfPort(trace, cpus, outcome.answers);
    expect(compareOps(trace, outcome, right)).toEqual([]);
    const { answers: wrong } = expectedOfPort(spoilt(trace, right), cpus, outcome.answers);
    expect(compareOps(trace, outcome, wrong)).toEqual(
      right.flatMap((answer, op) =>
        Object.entries(answer).map(([field, actual]) => ({ op, field, expected: WRONG, actual })),
      ),
    );
  },
);

/** What one CPU, which answers one call after the other, shows of the fixes. The other fixes need a race to be seen. */
const SHOWN: Partial<Record<Slug, readonly string[]>> = {
  // A ring that lies makes the kioctx go before its requests; where the table cannot grow, the quota is lost.
  refcount_requests: ['ring-scribbled-while-pending', 'setup-without-memory-for-the-table'],
  // The table still has a context that io_setup() has refused and freed, which crashes when the process ends.
  publish_last: [
    'D-quota',
    'rings-of-the-whole-quota',
    'setup-quota',
    'setup-quota-of-small-contexts',
    'setup-quota-lowered',
    'libaio-20-max-nr',
  ],
  // A tail that is no slot of the ring: the reader does not stop before it.
  clamp_ring_indexes: ['ring-scribbled-tail'],
  // Every end of a context drops a reference too many.
  hold_reqs_for_users: [
    ...[
      'H02-setup-ltp',
      'H05-submit-addresses',
      'H08-partial-submit',
      'H10-preadv-pwritev',
      'H13-overcommit-user-reap',
    ],
    ...['H16-refill-exact', 'H20-getevents-args', 'H23-destroy', 'H26-context-ids', 'H32-head-backwards'],
    ...['H35-pending-out-of-order', 'H39-same-iocb-many', 'H40-two-contexts', 'H41-full-ring-precedence'],
  ],
  // As without track_ring_occupancy, without which this build is.
  free_user_reaped_slots: [
    'H13-overcommit-user-reap',
    'H16-refill-exact',
    'H40-two-contexts',
    'H41-full-ring-precedence',
  ],
  // io_destroy() is back before the cancelled requests have signalled their eventfd.
  wait_for_requests: ['destroy-signals-the-eventfd'],
  // Wherever more is submitted than read.
  track_ring_occupancy: [
    'cancel-frees-no-slot',
    'context-scribbled-header',
    'destroy-with-unread-events',
    'destroy-one-of-three',
    'D-list_is_taken_whole',
    'submit-refused-before-a-slot-is-looked-for',
    'H13-overcommit-user-reap',
    'H16-refill-exact',
    'H40-two-contexts',
    'H41-full-ring-precedence',
    'ring-of-three-pages',
    'ring-of-ten-pages',
    'ring-scribbled-head',
    'slots-on-1-cpu',
    'slots-on-2-cpus',
    'slots-on-4-cpus',
    'slots-on-8-cpus',
    'slots-each-cpu-has-its-own',
    'slots-of-pending-requests',
    'slots-refilled-exactly',
    'slots-a-head-that-lies',
    'submit-without-a-slot-in-order',
    'submit-failures-give-slots-back',
    'submit-without-memory',
    'submit-one-iocb-many-times',
    'libaio-11-one-by-one',
    'libaio-17-overcommit',
    'libaio-17-overcommit-user-reap',
  ],
};

/** What shows nearly everywhere. */
const EVERYWHERE: readonly Slug[] = ['hold_reqs_for_users', 'free_user_reaped_slots'];

/**
 * Where a commit is looked for: what needs a race, or shows everywhere, in the given traces only, the ends of contexts
 * not in full rings.
 */
function lookedAt(slug: Slug, id: string): boolean {
  const shown = SHOWN[slug];
  if (shown === undefined || EVERYWHERE.includes(slug)) return given.has(id);
  return slug === 'track_ring_occupancy' || shown.includes(id) || !SHOWN.track_ring_occupancy?.includes(id);
}

test.each(REVERTIBLE)('without %s the answers are wrong where that commit is to be seen, and nowhere else', (slug) => {
  const looked = forPort.filter(({ trace }) => lookedAt(slug, trace.id));
  const wrong = looked.filter(({ trace, cpus }) => replay(trace, cpus, [slug]).length > 0);
  expect(wrong.map(({ trace }) => trace.id)).toEqual(SHOWN[slug] ?? []);
});

test('what a trace says of v3.17 stands over what was recorded and what is foretold', () => {
  const expected = (expect_v317?: Answer) =>
    expectedOfPort(
      made(
        { op: 'io_setup', ctx: 'c', nr_events: 16, expect: { ret: 0 } },
        { op: 'aio_nr', expect: { delta: 16 }, ...(expect_v317 && { expect_v317 }) },
      ),
      2,
      [],
    ).answers[1];
  expect(expected()).toEqual({ delta: 32 });
  expect(expected({ delta: 7 })).toEqual({ delta: 7 });
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

describe('on other machines', () => {
  /** Given traces that hit neither the limit of slots nor the quota, which are all that the number of CPUs decides. */
  const anywhere = ['H02', 'H05', 'H08', 'H10', 'H20', 'H26', 'H32', 'H35', 'H39'];
  const independent = byId.filter(([id]) => anywhere.some((prefix) => id.startsWith(prefix)));
  const cases = [1, 4, 8].flatMap((cpus) => independent.map(([id, trace]) => [id, cpus, trace] as const));

  test.each(cases)('%s on %i CPUs: the port answers what was recorded', (_id, cpus, trace) => {
    expect(replay(trace, cpus)).toEqual([]);
  });
});
