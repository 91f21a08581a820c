// SPDX-License-Identifier: GPL-2.0-only
/** What fs/aio.c accesses at its four ordering points, in which order, as what, and with which barrier in between. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Access, type AccessKind, ATOMIC, LOAD, ONCE, PLAIN, RMW, STORE } from '../arch/sab/access.ts';
import { setHook } from '../arch/sab/memory.ts';
import { aio_complete, sync_kiocb_onstack, wait_on_sync_kiocb } from '../fs/aio/completion.ts';
import { kioctx, kmap_ring_page } from '../fs/aio/kioctx.ts';
import { wait_queue_head_t } from '../kernel/sched/wait.ts';
import { percpu_ref } from '../lib/percpu-refcount.ts';
import { contextOf } from '../testing/slots.ts';
import {
  inKernel,
  io_getevents,
  io_setup,
  io_submit,
  login,
  logout,
  makeIocb,
  malloc,
  mm,
  openFile,
} from '../testing/user.ts';
import { aio_ring, io_event } from '../uapi/aio_abi.ts';
import type { Slug } from './registry.ts';

beforeEach(() => login());
afterEach(logout);

const OPS: Readonly<Record<Access, string>> = { [LOAD]: 'load', [STORE]: 'store', [RMW]: 'rmw' };
const KINDS: Readonly<Record<AccessKind, string>> = { [PLAIN]: '', [ONCE]: ' once', [ATOMIC]: ' atomic' };
type Place = readonly [name: string, addr: number, bytes: number];

/** What `f` does to some places, the barriers among it; several words of a place in a row are one. */
function accesses(places: readonly Place[], f: () => void): string[] {
  const seen: string[] = [];
  setHook({
    access: (op, addr, _, kind) => {
      const place = places.find(([, at, bytes]) => addr >= at && addr < at + bytes);
      const text = place === undefined ? '' : `${OPS[op]}${KINDS[kind]} ${place[0]}`;
      if (text !== '' && seen.at(-1) !== text) seen.push(text);
    },
    barrier: (what) => seen.push(['smp_wmb', 'smp_rmb', 'smp_mb'][what] as string),
    sleeper: null,
  });
  try {
    f();
  } finally {
    setHook(null);
  }
  return seen;
}

function placesOf(handle: number): Place[] {
  const ctx = contextOf(mm(), handle);
  const ring = kmap_ring_page(ctx, 0);
  return [
    ['event', ring + aio_ring.sizeof, io_event.sizeof],
    ['ring->tail', ring + aio_ring.offsetof.tail, 4],
    ['ctx->tail', ctx.addr + kioctx.offsetof.tail, 4],
    ['completion_lock', ctx.completion_lock, 4],
    ['ctx->wait', ctx.wait + wait_queue_head_t.offsetof.task_list, 4],
  ];
}
const PUBLISHED = ['load ctx->tail', 'store event', 'smp_wmb', 'store ctx->tail', 'store ring->tail'];
const LOCK = 'rmw atomic completion_lock';
const ASKED = 'load ctx->wait';

test.each<[string, Slug[], string[]]>([
  ['v3.17', [], [LOCK, ...PUBLISHED, LOCK, 'smp_mb', ASKED]],
  [
    'before 679c40a86efa',
    ['write_barrier'],
    [LOCK, ...PUBLISHED.filter((text) => text !== 'smp_wmb'), 'smp_wmb', LOCK, 'smp_mb', ASKED],
  ],
  ['before 6cb2a21049b8', ['wake_after_tail'], [LOCK, ...PUBLISHED, ASKED, LOCK]],
])('aio_complete(), %s', (_, reverted, expected) => {
  logout();
  login({ reverted });
  const ctx = io_setup(8);
  const iocb = makeIocb({ fd: openFile(8), buf: malloc(8), nbytes: 8 });
  expect(accesses(placesOf(ctx), () => io_submit(ctx, iocb))).toEqual(expected);
});

test.each<[string, Slug[], string[]]>([
  ['v3.17', [], ['load ring->tail', 'smp_rmb', 'load event']],
  ['before 2ff396be602f', ['read_barrier'], ['load ring->tail', 'load event']],
])('aio_read_events_ring(), %s', (_, reverted, expected) => {
  logout();
  login({ reverted });
  const ctx = io_setup(8);
  io_submit(ctx, makeIocb({ fd: openFile(8), buf: malloc(8), nbytes: 8 }));
  expect(accesses(placesOf(ctx), () => io_getevents(ctx, 1))).toEqual(expected);
});

test('a synchronous request', () => {
  inKernel(() => {
    const iocb = sync_kiocb_onstack();
    const places: Place[] = [
      ['ki_user_data', iocb.ki_user_data, 8],
      ['ki_ctx', iocb.$ki_ctx, 4],
    ];
    const completed = ['load ki_ctx', 'store ki_user_data', 'smp_wmb', 'store ki_ctx'];
    expect(accesses(places, () => aio_complete(iocb, 7, 0))).toEqual(completed);
    expect(accesses(places, () => expect(wait_on_sync_kiocb(iocb)).toBe(7))).toEqual([
      'load ki_ctx',
      'load ki_user_data',
    ]);
  });
});

test('what C marks is marked: the table of contexts, and the address of a reference’s counters', () => {
  const ctx = io_setup(8);
  const places: Place[] = [
    ['ioctx_table', mm().$ioctx_table, 4],
    ['users', contextOf(mm(), ctx).users + percpu_ref.offsetof.pcpu_count_ptr, 4],
  ];
  expect(accesses(places, () => io_submit(ctx))).toEqual(['load once ioctx_table', 'load once users']);
  const made = accesses(places.slice(0, 1), () => Array.from({ length: 4 }, () => io_setup(8)));
  expect(new Set(made.filter((text) => text.includes('table')))).toEqual(
    new Set(['load once ioctx_table', 'store atomic ioctx_table']),
  );
});
