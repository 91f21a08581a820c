// SPDX-License-Identifier: GPL-2.0-only
/**
 * Every error that the system calls of v3.17 can find has a trace that shows it, and every place in src/fs/aio that
 * makes one is reached by a trace.
 *
 * An op of a trace that expects an error says by `why` which one it is to find.
 */
import { Session } from 'node:inspector/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { appliesToPort } from './judge/compare.ts';
import { runOnPort } from './port/port.ts';
import { projectTraces } from './trace/file.ts';
import type { Trace, TraceOp } from './trace/trace.ts';

type ErrorPath = readonly [why: string, error: string, says: string];

/** What each call looks at, in that order. */
const PATHS: Readonly<Record<string, readonly ErrorPath[]>> = {
  io_setup: [
    ['ctxp-unreadable', '-EFAULT', 'the handle that should be 0 cannot be read'],
    ['ctxp-not-zero', '-EINVAL', 'it is not 0'],
    ['no-events', '-EINVAL', 'nr_events is 0'],
    ['too-many-events', '-EINVAL', 'the ring, or its requests, would need more than 256 MiB'],
    ['more-than-the-quota', '-EAGAIN', 'more than aio-max-nr'],
    ['no-memory', '-ENOMEM', 'no memory for the context, or for its ring'],
    ['no-room-to-map', '-ENOMEM', 'the ring cannot be mapped'],
    ['quota-used-up', '-EAGAIN', 'more than is left of aio-max-nr'],
    ['no-memory-for-the-table', '-ENOMEM', 'no memory for a larger table'],
    ['ctxp-unwritable', '-EFAULT', 'the handle cannot be stored'],
  ],
  io_submit: [
    ['nr-negative', '-EINVAL', 'nr is negative'],
    ['array-not-user', '-EFAULT', 'the array cannot be user memory'],
    ['no-such-context', '-EINVAL', 'the handle is none'],
    ['array-unreadable', '-EFAULT', 'the pointer cannot be read'],
    ['iocb-unreadable', '-EFAULT', 'the iocb cannot be read'],
    ['reserved-fields-set', '-EINVAL', 'aio_reserved1 or aio_reserved2 is not 0'],
    ['nbytes-negative', '-EINVAL', 'aio_nbytes is negative'],
    ['no-slot', '-EAGAIN', 'the ring has no slot left'],
    ['no-memory-for-the-request', '-EAGAIN', 'no memory for a kiocb'],
    ['fd-not-open', '-EBADF', 'aio_fildes is not open'],
    ['resfd-not-open', '-EBADF', 'aio_resfd is not open'],
    ['resfd-not-an-eventfd', '-EINVAL', 'aio_resfd is not an eventfd'],
    ['key-unwritable', '-EFAULT', 'aio_key cannot be written'],
    ['opcode-unknown', '-EINVAL', 'there is no such command'],
    ['no-fsync', '-EINVAL', 'FSYNC, and the file has no such method'],
    ['file-not-open-for-it', '-EBADF', 'the file is not open for reading, or writing'],
    ['no-such-method', '-EINVAL', 'the file has no such method'],
    ['vector-too-long', '-EINVAL', 'more than 1024 elements'],
    ['no-memory-for-the-vector', '-ENOMEM', 'no memory for the vector'],
    ['vector-unreadable', '-EFAULT', 'the vector cannot be read'],
    ['element-negative', '-EINVAL', 'an element has a negative length'],
    ['element-not-user', '-EFAULT', 'an element cannot be user memory'],
    ['buffer-not-user', '-EFAULT', 'the buffer cannot be user memory'],
    ['position-negative', '-EINVAL', 'the position, or the end, is negative'],
  ],
  io_getevents: [
    ['no-such-context', '-EINVAL', 'the handle is none'],
    ['min-over-nr', '-EINVAL', 'min_nr is more than nr'],
    ['min-negative', '-EINVAL', 'min_nr is negative'],
    ['timeout-unreadable', '-EFAULT', 'the timespec cannot be read'],
    ['events-unwritable', '-EFAULT', 'the events cannot be stored'],
    ['signal', '-EINTR', 'a signal came before any event'],
  ],
  io_cancel: [
    ['key-unreadable', '-EFAULT', 'aio_key cannot be read'],
    ['no-such-context', '-EINVAL', 'the handle is none'],
    ['key-not-zero', '-EINVAL', 'aio_key is not what io_submit() has stored'],
    ['no-such-request', '-EINVAL', 'no request of that iocb can be cancelled'],
    ['cancelled', '-EINPROGRESS', 'it worked: the event comes through the ring'],
  ],
  io_destroy: [['no-such-context', '-EINVAL', 'the handle is none']],
};

/** Places that no process with one thread on one CPU reaches; what does. */
const REACHED_OTHERWISE: Readonly<Record<string, string>> = {
  'cancel.ts kiocb_cancel -EINVAL': 'cancelled twice before the driver has ended it: io_cancel.test.ts',
  'destroy.ts kill_ioctx -EINVAL': 'destroyed by two threads at once: io_destroy.test.ts',
  'read_events.ts aio_read_events -EINVAL': 'destroyed while a thread waits in it: io_getevents.test.ts',
  'submit.ts aio_run_done -EINTR': 'a driver that wants to be restarted: io_submit.test.ts',
};

const SOURCES = /\/src\/fs\/aio\/(syscalls|setup|submit|requests|read_events|cancel|destroy)\.ts$/;

interface Shown {
  readonly trace: Trace;
  readonly op: TraceOp;
  readonly ret: unknown;
}
const shown: Shown[] = [];
/** `file function error` of every place, and of those that were not reached. */
const places = new Set<string>();
const unreached = new Set<string>();

const all = projectTraces().flatMap(({ meta, traces }) =>
  traces.filter(appliesToPort).map((trace) => ({ trace, cpus: trace.possible_cpus ?? meta.env.possible_cpus })),
);
const whyOf = (op: TraceOp): string | undefined => ('why' in op ? op.why : undefined);
const names = (op: TraceOp): string => `${op.op} ${whyOf(op)}`;
const paths = Object.entries(PATHS).flatMap(([call, reasons]) => reasons.map(([why]) => `${call} ${why}`));

/** The traces that are enough: for each error the first that shows it. */
const enough = new Set(paths.map((path) => all.find(({ trace }) => trace.ops.some((op) => names(op) === path))));

interface Block {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

/** Looks for the places that make an error in a script as it ran: imports have become members by then. */
function inspect(file: string, code: string, blocks: readonly Block[]): void {
  const around = (at: number): Block | undefined =>
    blocks
      .filter(({ startOffset, endOffset }) => startOffset <= at && at < endOffset)
      .sort((a, b) => a.endOffset - a.startOffset - (b.endOffset - b.startOffset))[0];
  for (const { 1: error = '', index } of code.matchAll(/-__vite_ssr_import_\d+__\.(E[A-Z]+)\b/g)) {
    if (error.startsWith('ERESTART') || error === 'EIOCBQUEUED') continue;
    const name = [...code.slice(0, index).matchAll(/\bfunction (\w+)\(/g)].at(-1)?.[1];
    const place = `${file} ${name} -${error}`;
    places.add(place);
    if (around(index)?.count === 0) unreached.add(place);
  }
}

beforeAll(async () => {
  const session = new Session();
  session.connect();
  await session.post('Debugger.enable');
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: false, detailed: true });
  for (const found of enough) {
    if (found === undefined) continue;
    const { answers } = runOnPort(found.trace, found.cpus);
    shown.push(...found.trace.ops.map((op, i) => ({ trace: found.trace, op, ret: answers[i]?.['ret'] })));
  }
  const { result } = await session.post('Profiler.takePreciseCoverage');
  for (const { url, scriptId, functions } of result) {
    const file = SOURCES.exec(url)?.[1];
    if (file === undefined) continue;
    const { scriptSource } = await session.post('Debugger.getScriptSource', { scriptId });
    inspect(
      `${file}.ts`,
      scriptSource,
      functions.flatMap(({ ranges }) => ranges),
    );
  }
  session.disconnect();
});

describe.each(Object.entries(PATHS))('%s', (call, reasons) => {
  test.each(reasons)('%s is %s: %s', (why, error) => {
    const found = shown.filter(({ op }) => names(op) === `${call} ${why}`);
    expect(found.length).toBeGreaterThan(0);
    expect(found.filter(({ ret }) => ret !== error).map(({ trace, ret }) => `${trace.id}: ${ret}`)).toEqual([]);
  });
});

test('no trace names another reason', () => {
  const named = all.flatMap(({ trace }) => trace.ops.filter((op) => whyOf(op) !== undefined).map(names));
  expect([...new Set(named)].sort()).toEqual([...paths].sort());
});

test('every place that makes an error is reached, but for those that one thread cannot reach', () => {
  expect(places.size).toBeGreaterThan(25);
  expect([...unreached].sort()).toEqual(Object.keys(REACHED_OTHERWISE).sort());
});
