// SPDX-License-Identifier: GPL-2.0-only
/** What is held against what, and what is recorded, with kernels made here. */
import { expect, test } from 'vitest';
import type { Kernel } from '../kernel/kernel.ts';
import { runOnPort } from '../port/port.ts';
import { record } from '../record.ts';
import { toText, verdict } from '../text.ts';
import type { Outcome, Trace, TraceOp } from '../trace/trace.ts';
import { type Judgement, judge, type Target } from './evaluate.ts';

const kernelOf = (run: (trace: Trace) => Outcome): Kernel =>
  ({ run: (trace: Trace) => Promise.resolve(run(trace)) }) as unknown as Kernel;
const skipping = kernelOf(() => ({ answers: [], complaints: [], skipped: 'no AIO' }));
const factsOf = (possibleCpus: number) => ({ release: 'made here', possibleCpus });

/** As many requests as one CPU gets into a ring of 127: 120 of 2 CPUs, 126 of 4. */
const ops: TraceOp[] = [
  { op: 'file', file: 'f', size: 64 },
  { op: 'open', fd: 'fd', file: 'f', mode: 'r' },
  { op: 'buffer', buf: 'b', size: 64 },
  { op: 'io_setup', ctx: 'c', nr_events: 1, expect: { ret: 0 } },
  { op: 'iocbs', prefix: 'i', count: 127, cmd: 'pread', each: { fd: 'fd', buf: 'b', nbytes: 1 } },
  { op: 'io_submit', ctx: 'c', iocbs: { prefix: 'i', count: 127, from: 0 }, expect: { ret: 120 } },
];
const slots: Trace = { id: 'slots', checks: '', applies: ['v3.17', 'v6.18'], ops };
const states = (judgements: readonly Judgement[]) => judgements.map(({ side, state, why }) => [side, state, why]);

async function judged(trace: Trace, target: Target, kernel: Kernel | null, cpus: number): Promise<Judgement[]> {
  return judge(trace, 2, target, kernel, factsOf(cpus));
}

test('on a host with as many CPUs as the recording all are compared', async () => {
  const kernel = kernelOf((trace) => runOnPort(trace, 2));
  expect(states(await judged(slots, 'both', kernel, 2))).toEqual([
    ['port', 'passed', null],
    ['kernel', 'passed', null],
    ['port beside kernel', 'passed', null],
  ]);
});

test('on another host the recording says nothing of the kernel; the port has as many CPUs as the host then', async () => {
  const kernel = kernelOf((trace) => runOnPort(trace, 4));
  expect(states(await judged(slots, 'both', kernel, 4))).toEqual([
    ['port', 'passed', null],
    ['kernel', 'skipped', 'recorded for 2 possible CPUs, this host has 4'],
    ['port beside kernel', 'passed', null],
  ]);
  const other = await judged(
    slots,
    'both',
    kernelOf((trace) => runOnPort(trace, 2)),
    4,
  );
  expect(other[2]).toMatchObject({ state: 'differs', differences: [{ op: 5, expected: 120, port: 126, kernel: 120 }] });
});

test('a trace with CPUs of its own is for those', async () => {
  const own = { ...slots, possible_cpus: 4, ops: ops.with(5, { ...(ops[5] as TraceOp), expect: { ret: 126 } }) };
  expect(states(await judged(own, 'port', null, 2))).toEqual([['port', 'passed', null]]);
});

test('what it is not about, and what cannot be had, is skipped with the reason', async () => {
  expect(states(await judged({ ...slots, applies: ['v6.18'] }, 'both', skipping, 2))).toEqual([
    ['port', 'skipped', 'it is not about v3.17'],
    ['kernel', 'skipped', 'no AIO'],
    ['port beside kernel', 'skipped', 'it is about one of them only'],
  ]);
  expect(states(await judged({ ...slots, applies: ['v3.17'] }, 'kernel', skipping, 2))).toEqual([
    ['kernel', 'skipped', 'it is not about the kernels of today'],
  ]);
});

test('a complaint is told, and reasons stand once', async () => {
  const hung = kernelOf(() => ({ answers: [], complaints: ['hang: at op 0'], skipped: null }));
  const results = [
    { file: 'f', trace: slots, judgements: await judged(slots, 'kernel', hung, 2) },
    { file: 'f', trace: { ...slots, id: 'b' }, judgements: await judged(slots, 'kernel', skipping, 2) },
    { file: 'f', trace: { ...slots, id: 'c' }, judgements: await judged(slots, 'kernel', skipping, 2) },
  ];
  const text = toText(results, 'kernel: made here', false, 0);
  expect(text).toContain('slots: kernel: the kernel complains at op 0, file(file "f", size 64)\n    hang: at op 0\n');
  expect(text).toContain('kernel skipped: no AIO (b, c)');
  expect(verdict(results.slice(1), 0)).toBe(
    '--- NOTHING COMPARED: 2 traces, 0 comparisons, 2 skipped, 0 known differences (exit 4)',
  );
});

const meta = { meta: 1, format: 'aio-trace/1', env: { possible_cpus: 8 } } as const;
const recordOf = async (kernel: Kernel, trace: Trace, told: string[] = []) =>
  record({ path: 'f', meta, traces: [trace] }, kernel, factsOf(2), (line) => told.push(line));

test.skipIf(process.platform !== 'linux')('what is recorded is what says something, and on what', async () => {
  const answers = [{}, {}, {}, { ret: 0, ctxp_unchanged: false }, {}, { ret: '-EINVAL', events: [] }];
  const { meta: now, traces } = await recordOf(
    kernelOf(() => ({ answers, complaints: [], skipped: null })),
    slots,
  );
  expect(now).toMatchObject({ recorded_on: 'made here', env: { possible_cpus: 2 } });
  expect(traces[0]?.ops.map((op) => op.expect)).toEqual([
    ...[undefined, undefined, undefined],
    { ret: 0 },
    undefined,
    { ret: '-EINVAL' },
  ]);
});

test.skipIf(process.platform !== 'linux')('what cannot be recorded stays as it is, with the reason', async () => {
  const told: string[] = [];
  const four = { ...slots, possible_cpus: 4 };
  expect((await recordOf(skipping, slots, told)).traces).toEqual([slots]);
  expect((await recordOf(skipping, four, told)).traces).toEqual([four]);
  expect(told).toEqual([
    'slots stays as it is: no AIO',
    'slots stays as it is: it is for 4 possible CPUs, this host has 2',
  ]);
});

test('answers that are not the same the second time are no test of anything', async () => {
  let runs = 0;
  const fickle = kernelOf(() => ({ answers: [{}, {}, {}, { ret: runs++ }], complaints: [], skipped: null }));
  await expect(recordOf(fickle, slots)).rejects.toThrow('slots: op 3, io_setup(1, &c), answers otherwise the second');
  const hung = kernelOf(() => ({ answers: [], complaints: ['hang: at op 0'], skipped: null }));
  await expect(recordOf(hung, slots)).rejects.toThrow('slots: hang: at op 0');
});
