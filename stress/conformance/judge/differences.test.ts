// SPDX-License-Identifier: GPL-2.0-only
/** Each known difference is needed by a trace of its name, and nothing else is excused. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { runOnPort } from '../port/port.ts';
import { projectTraces } from '../trace/file.ts';
import type { Answer } from '../trace/kinds.ts';
import { recordedAnswers, same } from '../trace/steps.ts';
import type { BasicOp, Outcome, Trace, TraceOp } from '../trace/trace.ts';
import { compareOps, compareWithKernel, expectedOfPort, foretold } from './compare.ts';
import { DIFFERENCES, foretell } from './differences.ts';
import { History } from './history.ts';

const all = projectTraces().flatMap(({ meta, traces }) =>
  traces.map((trace) => ({ trace, cpus: trace.possible_cpus ?? meta.env.possible_cpus })),
);
const rowsOf = (trace: Trace, cpus: number): string[] => [
  ...expectedOfPort(trace, cpus, runOnPort(trace, cpus).answers).rows,
];
const ids = DIFFERENCES.map(({ id }) => id);

test('ids are their own', () => {
  expect(new Set(ids).size).toBe(ids.length);
});

test.each(ids)('%s is used by the trace of its name, which fails without it', (id) => {
  const named = all.find(({ trace }) => trace.id === `D-${id}`);
  if (named === undefined) throw new Error(`no trace D-${id} in stress/conformance/traces/differences.jsonl`);
  const { trace, cpus } = named;
  expect(rowsOf(trace, cpus)).toContain(id);
  const outcome = runOnPort(trace, cpus);
  expect(compareOps(trace, outcome, expectedOfPort(trace, cpus, outcome.answers).answers)).toEqual([]);
  const others = DIFFERENCES.filter((row) => row.id !== id);
  const wrong = compareOps(trace, outcome, expectedOfPort(trace, cpus, outcome.answers, others).answers);
  // This one changes nothing at the op itself: the trace says what follows.
  if (id !== 'newest_is_cancelled_first') expect(wrong).not.toEqual([]);
});

test('what a trace says of v3.17 is what the table foretells, but after the kernels have parted', () => {
  const unexplained = all.flatMap(({ trace, cpus }) => {
    const known = foretold(trace, recordedAnswers(trace.ops, runOnPort(trace, cpus).answers), cpus);
    const parting = known.findIndex(({ parted }) => parted);
    return trace.ops.flatMap(({ expect_v317 = {} }, i) =>
      Object.entries(expect_v317)
        .filter(([field, value]) => !same(known[i]?.v317[field], value) && !(parting >= 0 && i > parting))
        .map(([field]) => `${trace.id} op ${i} ${field}`),
    );
  });
  expect(unexplained).toEqual([]);
});

test('what no row foretells is a difference: an answer of the port that only today’s kernel gives', () => {
  const ops: TraceOp[] = [
    { op: 'io_setup', ctx: 'c', nr_events: 1, expect: { ret: 0 } },
    { op: 'aio_nr', expect: { delta: 1 } },
  ];
  const trace: Trace = { id: 'made', checks: '', applies: ['v3.17', 'v6.18'], ops };
  const asToday: Outcome = { answers: [{ ret: 0 }, { delta: 1 }], complaints: [], skipped: null };
  expect(compareOps(trace, asToday, expectedOfPort(trace, 2, asToday.answers).answers)).toEqual([
    { op: 1, field: 'delta', expected: 16, actual: 1 },
  ]);
  expect(compareWithKernel(trace, asToday, asToday, 2)).toMatchObject({
    differences: [{ op: 1, field: 'delta', expected: 16, actual: 1 }],
    rows: ['quota'],
  });
});

/** Whether a realtime priority is EPERM depends on who records: no trace has one. */
test.each([
  ['-EPERM', {}, 1],
  ['-EPERM', { buf: 'BAD' }, '-EFAULT'],
  ['-EPERM', { rw_flags: 1 }, '-EINVAL'],
  [1, {}, 1],
  ['-EAGAIN', {}, '-EAGAIN'],
])('a realtime priority is %s today, with %j in v3.17 %s', (ret, fields, v317) => {
  const history = new History(2);
  const priority = { flags: 2, reqprio: 0x2000 };
  const submit: BasicOp = { op: 'io_submit', ctx: 'c', iocbs: ['a'] };
  history.follow({ op: 'open', fd: 'f', file: 'f', mode: 'r' }, {});
  history.follow({ op: 'io_setup', ctx: 'c', nr_events: 1 }, { ret: 0, id: 0, ring_nr: 127 });
  history.follow({ op: 'iocb', iocb: 'a', cmd: 'pread', fd: 'f', buf: 'b', nbytes: 8, ...priority, ...fields }, {});
  expect(foretell(submit, { ret }, history).v317).toEqual({ ret: v317 });
});

test.each<[BasicOp, boolean]>([
  [{ op: 'ring_write', ctx: 'c', set: { head: 0 } }, true],
  [{ op: 'cpu', cpu: 1 }, true],
  [{ op: 'ring_write', ctx: 'c', set: { magic: 0 } }, false],
  [{ op: 'user_reap', ctx: 'c' }, false],
])('where only today’s kernel has looked for a slot, the two part with %j: %s', (op, parts) => {
  const after = (rw_flags: number): boolean => {
    const history = new History(2);
    history.follow({ op: 'io_setup', ctx: 'c', nr_events: 1 }, { ret: 0, id: 0, ring_nr: 127 });
    history.follow({ op: 'iocb', iocb: 'a', cmd: 'pread', fd: -1, rw_flags }, {});
    history.follow({ op: 'io_submit', ctx: 'c', iocbs: ['a'] }, { ret: '-EBADF' });
    return foretell(op, {}, history).parted;
  };
  expect([after(1), after(0)]).toEqual([parts, false]);
});

test('what only one of two answers, and how only one of two ends, are differences', () => {
  const trace: Trace = { id: 'made', checks: '', applies: [], ops: [{ op: 'user_reap', ctx: 'c' }] };
  const kernel: Outcome = { answers: [{ ret: 0 }], complaints: [], skipped: null };
  const port: Outcome = { answers: [{ ret: 0, events: [] }], complaints: ['bug: of its own'], skipped: null };
  expect(compareWithKernel(trace, port, kernel, 2).differences).toEqual([
    { op: 0, field: 'events', expected: undefined, actual: [] },
    { op: 1, field: 'oops', expected: null, actual: 'bug: of its own' },
  ]);
});

test('both waiting for ever at the same call are alike', () => {
  const trace: Trace = { id: 'made', checks: '', applies: [], ops: [{ op: 'io_getevents', ctx: 'c' }] };
  const hung = (text: string): Outcome => ({ answers: [], complaints: [text], skipped: null });
  const compared = compareWithKernel(trace, hung('hang: the only CPU would sleep'), hung('hang: no answer'), 2);
  expect(compared.differences).toEqual([]);
  const one = compareWithKernel(trace, { answers: [{ ret: 0 }], complaints: [], skipped: null }, hung('hang: no'), 2);
  expect(one.differences).not.toEqual([]);
});

describe('a repeat is followed round by round', () => {
  const today = (answers: Answer[]): Outcome => ({ answers, complaints: [], skipped: null });
  const of = (...ops: TraceOp[]): Trace => ({ id: 'made', checks: '', applies: ['v3.17', 'v6.18'], ops });
  const setup = (nr_events: number): BasicOp => ({ op: 'io_setup', ctx: 'c', nr_events });

  test('what was refused in it counts for nothing, and each that was made counts', () => {
    for (const [nr_events, ret] of [
      [0, '-EINVAL'],
      [8, 0],
    ] as const) {
      const trace = of({ op: 'repeat', times: 2, body: [setup(nr_events)] }, { op: 'aio_nr' });
      const kernel = today([{ ret }, { ret }, { delta: ret === 0 ? 16 : 0 }]);
      const port = today([{ ret }, { ret }, { delta: ret === 0 ? 32 : 0 }]);
      expect(compareWithKernel(trace, port, kernel, 2).differences).toEqual([]);
    }
  });

  test('known differences are known in it, and others are told with their round', () => {
    const sync: TraceOp[] = [
      { op: 'open', fd: 'f', directory: true, mode: 'r' },
      setup(8),
      { op: 'iocb', iocb: 's', cmd: 'fdsync', fd: 'f' },
    ];
    const body: TraceOp[] = [{ op: 'io_submit', ctx: 'c', iocbs: ['s'] }, { op: 'aio_nr' }];
    const trace = of(...sync, { op: 'repeat', times: 2, body });
    const before = [{}, { ret: 0 }, {}];
    const kernel = today([...before, { ret: 1 }, { delta: 8 }, { ret: 1 }, { delta: 8 }]);
    const port = today([...before, { ret: '-EINVAL' }, { delta: 16 }, { ret: '-EINVAL' }, { delta: 16 }]);
    const known = compareWithKernel(trace, port, kernel, 2);
    expect(known).toMatchObject({ differences: [], rows: ['no_fsync_no_poll'], partedAfter: '3 round 0 step 0' });
    const other = of(setup(8), { op: 'repeat', times: 2, body: [{ op: 'aio_nr' }] });
    expect(
      compareWithKernel(
        other,
        today([{ ret: 0 }, { delta: 16 }, { delta: 9 }]),
        today([{ ret: 0 }, { delta: 8 }, { delta: 8 }]),
        2,
      ).differences,
    ).toEqual([{ op: 1, at: '1 round 1 step 0', field: 'delta', expected: 16, actual: 9 }]);
  });
});

test('README.md has the table', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  for (const { id, v317, today, source } of DIFFERENCES) {
    expect(readme).toContain(`| \`${id}\` | ${v317} | ${today} | ${source} |`);
  }
});
