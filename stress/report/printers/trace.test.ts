// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { fixture, run } from '../../result/fixture.test-data.ts';
import type { Run, TraceCpu, TraceWindow } from '../../result/run_result.ts';
import { toTrace } from './trace.ts';

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly cat?: string;
  readonly ts: number;
  readonly dur: number;
  readonly pid: number;
  readonly tid: number;
  readonly s?: string;
  readonly args: Record<string, string>;
}
interface Trace {
  readonly traceEvents: TraceEvent[];
  readonly displayTimeUnit: string;
  readonly otherData: Record<string, unknown>;
}

const parse = (text: string): Trace => JSON.parse(text) as Trace;
const window = run.trace[0] as TraceWindow;
const of = (cpus: readonly TraceCpu[]): TraceEvent[] =>
  parse(toTrace({ ...run, trace: [{ ...window, cpus }] })).traceEvents;
const cpu = (change: Partial<TraceCpu>): TraceCpu => ({ cpu: 0, role: 'submitter', steps: [], locks: [], ...change });

/** What a viewer asks of a file: sorted, no negative length, and slices of a lane one in another or apart. */
function broken(events: readonly TraceEvent[]): string[] {
  const faults: string[] = [];
  let last = Number.NEGATIVE_INFINITY;
  let pid = 0;
  const open = new Map<number, number[]>();
  for (const event of events.filter(({ ph }) => ph !== 'M')) {
    if (event.pid === pid && event.ts < last) faults.push(`${event.name} at ${event.ts} comes after ${last}`);
    last = event.ts;
    pid = event.pid;
    if (event.ph !== 'X') continue;
    if (!(event.dur >= 0)) faults.push(`${event.name} lasts ${event.dur}`);
    const ends = open.get(event.tid) ?? [];
    open.set(event.tid, ends);
    const at = (us: number): number => Math.round(us * 1000);
    while (ends.length > 0 && ends.at(-1)! <= at(event.ts)) ends.pop();
    const end = at(event.ts) + at(event.dur);
    if (ends.length > 0 && end > ends.at(-1)!) faults.push(`${event.name} at ${event.ts} overlaps on ${event.tid}`);
    ends.push(end);
  }
  return faults;
}

test('is the object form that viewers open', () => {
  const { traceEvents, displayTimeUnit, otherData } = parse(toTrace(run));
  expect(displayTimeUnit).toBe('ns');
  expect(otherData).toMatchObject({ tool: 'kioctx 0.1.0', windows: 2, windowsLeftOut: 0 });
  for (const event of traceEvents) {
    expect(event).toMatchObject({
      name: expect.any(String),
      ph: expect.stringMatching(/^[MXi]$/),
      pid: expect.any(Number),
    });
    if (event.ph !== 'M') expect(event).toMatchObject({ ts: expect.any(Number), tid: expect.any(Number) });
    if (event.ph === 'i') expect(event.s).toBe('t');
  }
});

test('a viewer can draw all of it', () => {
  expect(broken(parse(toTrace(run)).traceEvents)).toEqual([]);
});

test('a viewer can draw all of a recorded run', () => {
  const { traceEvents } = parse(readFileSync(new URL('golden/trace.json.txt', import.meta.url), 'utf8'));
  expect(broken(traceEvents)).toEqual([]);
  const kinds = new Set(traceEvents.map(({ ph, cat }) => `${ph} ${cat}`));
  for (const kind of ['X syscall', 'X lock', 'i ring']) expect(kinds).toContain(kind);
});

test('the check sees what a viewer would drop', () => {
  const x = { name: 'x', ph: 'X', pid: 1, tid: 1, args: {} };
  expect(
    broken([
      { ...x, ts: 1, dur: 5 },
      { ...x, ts: 3, dur: 5 },
    ]),
  ).toHaveLength(1);
  expect(
    broken([
      { ...x, ts: 3, dur: 5 },
      { ...x, ts: 1, dur: 1 },
    ]),
  ).toHaveLength(1);
  expect(broken([{ ...x, ts: 3, dur: -1 }])).toHaveLength(1);
});

test('locks in any order nest on the lanes that they get', () => {
  // a walk that never repeats itself soon, in place of chance
  const locks = Array.from(
    { length: 500 },
    (_, i) => [(i * 7919) % 1009, ((i * 104_729) % 97) / 3, `lock_${i % 5}`, i % 2 === 0 ? 'wait' : 'hold'] as const,
  );
  const events = of([cpu({ locks })]);
  expect(broken(events)).toEqual([]);
  expect(events.filter(({ cat }) => cat === 'lock')).toHaveLength(500);
});

test('a window is a process, a CPU a lane with its locks below', () => {
  const names = parse(toTrace(run)).traceEvents.filter(({ ph, pid }) => ph === 'M' && pid === 1);
  expect(names.filter(({ name }) => /_name$/.test(name)).map(({ args }) => args['name'])).toEqual([
    'round 4: head_lost_in_page_migration (reverted: serialise_migration)',
    'cpu 0 submitter',
    'cpu 0 submitter, locks',
    'cpu 0 submitter, locks',
    'cpu 5 getter',
    'cpu 5 getter, locks',
    'cpu 8 completer',
  ]);
  const order = names.filter(({ name }) => name === 'thread_sort_index').map(({ args }) => args['sort_index']);
  expect(order).toEqual([0, 1, 2, 3, 4, 5]);
});

test('times are us since the start of the run', () => {
  const submit = of(window.cpus).filter(({ name }) => name === 'io_submit')[1];
  expect(submit).toMatchObject({ ph: 'X', ts: 4_000_360.5, dur: 39.75 });
});

describe('a system call', () => {
  const calls = (steps: TraceCpu['steps'], locks: TraceCpu['locks'] = []): unknown[] =>
    of([cpu({ steps, locks })])
      .filter(({ ph }) => ph !== 'M')
      .map(({ name, ph, ts, dur, args }) => [name, ph, ts - 4_000_250, dur, args['cut']]);

  test('that is not over at the end of the window is cut there', () => {
    const steps: TraceCpu['steps'] = [[10, 'sys_io_getevents', 'io_getevents()']];
    expect(calls(steps, [[20, 15, 'ring_lock', 'wait']])[0]).toEqual(['io_getevents', 'X', 10, 25, 'had not ended']);
  });

  test('that had begun before the first step is cut there', () => {
    const steps: TraceCpu['steps'] = [
      [8, 'refill', ''],
      [10, 'sys_io_submit_done', ''],
    ];
    expect(calls(steps)[0]).toEqual(['io_submit', 'X', 8, 2, 'began before the first step']);
  });

  test('that never returned ends where the next begins', () => {
    const steps: TraceCpu['steps'] = [
      [10, 'sys_io_submit', ''],
      [20, 'sys_io_destroy', ''],
      [30, 'sys_io_destroy_done', ''],
    ];
    expect(calls(steps)).toEqual([
      ['io_submit', 'X', 10, 10, 'no return was seen'],
      ['io_destroy', 'X', 20, 10, undefined],
    ]);
  });

  test('that was read half written is left out', () => {
    const steps: TraceCpu['steps'] = [
      [10, 'refill', ''],
      [0, 'sys_io_setup', 'io_setup(nr=0)'],
      [20, 'refill', ''],
    ];
    expect(calls(steps)).toHaveLength(2);
  });

  test('a return in the middle without its call is an instant', () => {
    const steps: TraceCpu['steps'] = [
      [10, 'sys_io_submit', ''],
      [20, 'sys_io_submit_done', ''],
      [30, 'sys_io_cancel_done', ''],
    ];
    expect(calls(steps).at(-1)).toEqual(['sys_io_cancel_done', 'i', 30, undefined, undefined]);
  });
});

test('ring operations are instants with their text, filed by kind', () => {
  const instants = of(window.cpus).filter(({ ph }) => ph === 'i');
  expect(instants.map(({ name, cat }) => [name, cat])).toEqual([
    ['device_queue', 'device'],
    ['read_events', 'ring'],
    ['aio_complete', 'ring'],
  ]);
  expect(instants[2]?.args['text']).toBe('aio_complete: kioctx 0x43fba000 slot 15 <- iocb 0x50001000');
});

describe('the size', () => {
  const many: Run = { ...run, trace: Array.from({ length: 40 }, (_, i) => ({ ...window, round: i, bootMs: i * 100 })) };

  test('stays below the limit by whole windows, the latest left out and counted', () => {
    const limit = 100_000;
    const text = toTrace(many, limit);
    const { traceEvents, otherData } = parse(text);
    expect(Buffer.byteLength(text)).toBeLessThan(limit);
    const rounds = traceEvents
      .filter(({ name }) => name === 'process_name')
      .map(({ args }) => args['name']?.split(':')[0]);
    expect(rounds.length).toBeGreaterThan(3);
    expect(rounds).toEqual(rounds.map((_, i) => `round ${i}`));
    expect(otherData).toMatchObject({ windows: rounds.length, windowsLeftOut: 40 - rounds.length });
  });

  test('no window fits, or there is none: an empty trace', () => {
    expect(parse(toTrace(many, 1)).traceEvents).toEqual([]);
    expect(parse(toTrace({ ...run, trace: [] })).traceEvents).toEqual([]);
    expect(of([cpu({})]).filter(({ ph }) => ph !== 'M')).toEqual([]);
  });

  test('however long the command is', () => {
    const parameters = { ...fixture.parameters, again: '--scenario x '.repeat(100_000) };
    expect(toTrace({ ...run, result: { ...fixture, parameters } }).length).toBeLessThan(50_000);
  });
});
