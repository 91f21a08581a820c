// SPDX-License-Identifier: GPL-2.0-only
/** What is beyond system calls in a trace means the same on both systems: each case runs on both. */
import { afterAll, describe, expect, test } from 'vitest';
import { Kernel } from './kernel/kernel.ts';
import { runOnPort } from './port/port.ts';
import { ramp, sha } from './trace/bytes.ts';
import type { Answer } from './trace/kinds.ts';
import { folded } from './trace/steps.ts';
import type { Op, Trace, TraceOp } from './trace/trace.ts';

const kernel = new Kernel();
const facts = await kernel.facts();
const why = typeof facts === 'string' ? `, not on the kernel: ${facts}` : '';
afterAll(() => kernel.close());

const made = (...ops: TraceOp[]): Trace => ({ id: 'made', checks: '', applies: ['v3.17', 'v6.18'], ops });
const setup = (ctx: string): Op<'io_setup'> => ({ op: 'io_setup', ctx, nr_events: 1 });
const destroy = (ctx: string): TraceOp => ({ op: 'io_destroy', ctx });
const read = (ctx: string): TraceOp => ({ op: 'ring_read', ctx, fields: ['nr'] });
const pipe: TraceOp[] = [
  { op: 'pipe', r: 'r', w: 'w' },
  { op: 'iocb', iocb: 'p', cmd: 'poll', fd: 'r', events: 1, data: 1 },
];
const SEGV = { ret: 'SIGSEGV' };

const CASES: readonly (readonly [what: string, ops: readonly TraceOp[], last: Answer])[] = [
  ['a ring is there', [setup('c'), read('c')], { nr: 127 }],
  ['the ring of a context that was destroyed is not', [setup('c'), destroy('c'), read('c')], SEGV],
  ['the ring of a context that was never made is not', [{ ...setup('c'), nr_events: 0 }, read('c')], SEGV],
  [
    'an old name is no living context, also if that has its address',
    [setup('c'), destroy('c'), setup('d'), destroy('c'), { op: 'io_submit', ctx: 'c', iocbs: [], nr: 0 }],
    { ret: '-EINVAL' },
  ],
  [
    'a reaper believes nr, but not beyond the ring',
    [
      setup('c'),
      { op: 'ring_write', ctx: 'c', set: { nr: 1000, head: 500, tail: 501 } },
      { op: 'user_reap', ctx: 'c' },
    ],
    SEGV,
  ],
  [
    'a reaper stops at a ring of no slots',
    [setup('c'), { op: 'ring_write', ctx: 'c', set: { nr: 0, head: 5 } }, { op: 'user_reap', ctx: 'c' }],
    SEGV,
  ],
  ['a slot behind the ring is not there', [setup('c'), { op: 'ring_event', ctx: 'c', index: 127 }], SEGV],
  ['the page that can only be read can be read', [{ op: 'iocb_key', iocb: 'RO' }], { key: 0 }],
  ['and not written', [{ op: 'iocb_key', iocb: 'RO', key: 1 }], SEGV],
  ['the page that cannot be touched cannot', [{ op: 'iocb_key', iocb: 'GUARD' }], SEGV],
  [
    'a pipe can be completed again and again',
    [
      setup('c'),
      ...pipe,
      ...Array.from({ length: 2 }, (): TraceOp[] => [
        { op: 'io_submit', ctx: 'c', iocbs: ['p'] },
        { op: 'complete', iocb: 'p', wfd: 'w', res: 65 },
      ]).flat(),
      { op: 'io_getevents', ctx: 'c', min_nr: 0, nr: 9, timeout: [0, 0] },
    ],
    {
      ret: 2,
      events: [
        ['p', 1, 65, 0],
        ['p', 1, 65, 0],
      ],
    },
  ],
  [
    'numbers beyond 2^53 keep their bits',
    [
      setup('c'),
      { op: 'file', file: 'f', size: 8 },
      { op: 'open', fd: 'f', file: 'f', mode: 'r' },
      { op: 'buffer', buf: 'b', size: 8 },
      { op: 'iocb', iocb: 'a', cmd: 'pread', fd: 'f', buf: 'b', nbytes: 8, data: '0xfedcba9876543210' },
      { op: 'io_submit', ctx: 'c', iocbs: ['a'] },
      { op: 'io_getevents', ctx: 'c', min_nr: 0, nr: 9, timeout: [0, 0] },
    ],
    { ret: 1, events: [['a', '0xfedcba9876543210', 8, 0]] },
  ],
  [
    'a buffer ends where it is mapped',
    [
      { op: 'buffer', buf: 'b', size: 64, fill: 'ramp', at: { mapped: 64 } },
      { op: 'buf_sha', buf: 'b' },
    ],
    { sha: sha(Uint8Array.from({ length: 64 }, (_, i) => ramp(i, 0))) },
  ],
  [
    'a round is told once',
    [{ op: 'repeat', times: 3, body: [setup('c'), destroy('c')] }],
    { alike: 3, first: [{ ret: 0, ctxp_unchanged: false, ring_nr: 127, id: 0 }, { ret: 0 }] },
  ],
];

describe(`on both${why}`, () => {
  test.each(CASES)('%s', async (_what, ops, last) => {
    const trace = made(...ops);
    for (const { skipped, complaints, answers } of [runOnPort(trace, 2), await kernel.run(trace)]) {
      if (skipped === null) expect([complaints, folded(ops, answers).at(-1)]).toEqual([[], last]);
    }
  });
});
