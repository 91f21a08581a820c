// SPDX-License-Identifier: GPL-2.0-only
/** What each revert does where one CPU is enough to see it, and that nothing else changes. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Access, LOAD, STORE } from '../arch/sab/access.ts';
import { setHook, store32 } from '../arch/sab/memory.ts';
import { ptrAt } from '../arch/sab/struct.ts';
import { DELAY_FOREVER, nullb_complete_by_hand, nullb_poll, nullb_set_delay } from '../drivers/null_blk.ts';
import { aio, kmap_ring_page } from '../fs/aio/kioctx.ts';
import { sys_io_cancel, sys_io_destroy } from '../fs/aio/syscalls.ts';
import { mutex_lock, mutex_unlock } from '../kernel/locking/mutex.ts';
import { rcu_completed } from '../kernel/rcu/tree.ts';
import { current } from '../kernel/sched/core.ts';
import { migrate_page } from '../mm/migrate.ts';
import { page, page_count } from '../mm/page_alloc.ts';
import { liveObjects } from '../mm/slab.ts';
import { contextOf } from '../testing/slots.ts';
import {
  complaints,
  exitAio,
  inKernel,
  io_getevents,
  io_setup,
  io_submit,
  login,
  logout,
  makeIocb,
  malloc,
  mm,
  openDevice,
  openFile,
  openPending,
  tryIoSetup,
  userReap,
  withFreePages,
} from '../testing/user.ts';
import { aio_ring } from '../uapi/aio_abi.ts';
import { ECANCELED, errname } from '../uapi/errno.ts';
import { scribble } from '../user/libaio.ts';
import { settleKernel } from '../user/process.ts';
import { APPLICABLE, type Build, buildWith, buildWithout, REVERTIBLE, type Slug } from './registry.ts';

beforeEach(() => login());
afterEach(logout);

/** A machine without these fixes instead of the one that there is. */
function without(...reverted: Slug[]): void {
  logout();
  login({ reverted });
}
/** Drops the machine, which an oops has stopped in mid-call. */
const afterOops = (): void => login();

const inFlight = (): number => liveObjects().get('kiocb') ?? 0;
const firstPage = (ctx: number): page => ptrAt(contextOf(mm(), ctx).ring_pages, 0, page) as page;
const HANG = 'the only CPU would sleep for ever';

function reads(count: number, first = 0): number[] {
  const fd = openFile(8);
  const buf = malloc(8);
  return Array.from({ length: count }, (_, i) => makeIocb({ fd, buf, nbytes: 8, data: first + i }));
}
/** Requests in flight that neither complete nor can be cancelled. */
function submitStuck(ctx: number, count: number): number[] {
  nullb_set_delay(DELAY_FOREVER, DELAY_FOREVER);
  const fd = openDevice();
  const iocbs = Array.from({ length: count }, () => makeIocb({ fd, buf: malloc(64), nbytes: 64 }));
  expect(io_submit(ctx, ...iocbs)).toBe(count);
  return iocbs;
}
const finish = (iocb: number): boolean => inKernel(() => nullb_complete_by_hand(iocb, 64));

describe('track_ring_occupancy', () => {
  test('fixed: as many as the ring holds are let in', () => {
    expect(io_submit(io_setup(32), ...reads(128))).toBe(120);
  });

  test.each([
    [126, 126],
    [127, 0],
    [128, 1],
    [254, 0],
    [255, 1],
  ])('reverted: %i are let in, and %i of their events are left', (count, left) => {
    without('track_ring_occupancy');
    const ctx = io_setup(32);
    expect(io_submit(ctx, ...reads(count))).toBe(count);
    const events = io_getevents(ctx, 300);
    expect(events).toHaveLength(left);
    if (left === 1) expect(events).toEqual([{ data: count - 1, res: 8 }]);
  });
});

describe('refcount_requests', () => {
  const REQUESTS = 4;

  test('fixed: whatever the ring says, io_destroy() waits for requests', () => {
    const ctx = io_setup(8);
    submitStuck(ctx, REQUESTS);
    scribble(ctx, 'tail', 126);
    expect(() => sys_io_destroy(ctx)).toThrow(HANG);
    expect(complaints()).toEqual([`hang: ${HANG}`]);
    expect(inFlight()).toBe(REQUESTS);
    afterOops();
  });

  test.each([
    ['as many events as there are requests', REQUESTS, []],
    ['a full ring', 126, ['warn: WARNING: ctx->reqs_available > ctx->nr_events - 1']],
    // A count that is negative is a large one: C compares it with an unsigned.
    ['2^31 events', 0x8000_0000, ['warn: WARNING: ctx->reqs_available > ctx->nr_events - 1']],
    ['more than 2^31', 0x9000_0000, ['warn: WARNING: ctx->reqs_available > ctx->nr_events - 1'], 5],
  ] as const)('reverted: a ring scribbled to hold %s makes it free the context under them', (...row) => {
    const [, tail, warnings, head = 0] = row;
    without('refcount_requests');
    const ctx = io_setup(8);
    const [iocb] = submitStuck(ctx, REQUESTS) as [number];
    scribble(ctx, 'head', head);
    scribble(ctx, 'tail', tail);
    expect(sys_io_destroy(ctx)).toBe(0);
    expect(complaints()).toEqual(warnings);
    expect(inFlight()).toBe(REQUESTS);
    settleKernel();
    expect(liveObjects().has('kioctx')).toBe(false);
    expect(() => finish(iocb)).toThrow('KASAN');
    expect(complaints()).toEqual([expect.stringContaining('kasan:use-after-free')]);
    afterOops();
  });

  /** Ends a request just before the n-th access of a sort to a field of the ring. */
  function completeAt(ctx: number, iocb: number, op: Access, field: 'head' | 'tail', nth: number): void {
    const word = kmap_ring_page(contextOf(mm(), ctx), 0) + aio_ring.offsetof[field];
    let count = 0;
    const access = (kind: Access, addr: number): void => {
      if (kind !== op || addr !== word || ++count !== nth) return;
      setHook(null);
      nullb_complete_by_hand(iocb, 64);
    };
    setHook({ access, sleeper: null });
  }

  test.each([
    ['before tail is loaded', LOAD, 'tail', 1, false],
    // Neither turn counts it: the first looked before it came, and then set head to where it ends.
    ['between the two loads of tail', LOAD, 'tail', 2, true],
    ['before head is stored', STORE, 'head', 1, false],
  ] as const)('reverted: an honest ring, a request that ends %s: hangs?', (_when, op, field, nth, hangs) => {
    without('refcount_requests');
    const ctx = io_setup(8);
    const [iocb] = submitStuck(ctx, 1) as [number];
    completeAt(ctx, iocb, op, field, nth);
    if (hangs) {
      expect(() => sys_io_destroy(ctx)).toThrow(HANG);
      expect(complaints()).toEqual([`hang: ${HANG}`]);
      afterOops();
    } else {
      expect(sys_io_destroy(ctx)).toBe(0);
    }
  });

  test.each([
    ['fixed', [], [['-ENOMEM', 0]]],
    [
      'reverted',
      ['refcount_requests'],
      [
        ['-ENOMEM', 0],
        ['-EAGAIN', 16],
      ],
    ],
  ] as const)('%s: what io_setup() says without memory, the table’s too, and the quota that it keeps', (...row) => {
    const [, reverted, says] = row;
    const failures: string[] = [];
    for (let left = 0; ; left++) {
      without(...reverted);
      // The 65th finds a table that is full; the next one is large enough to need a page.
      for (let n = 0; n < 64; n++) io_setup(4);
      const before = aio.it.aio_nr;
      const ret = withFreePages(left, () => tryIoSetup(4));
      if (ret === '0') break;
      failures.push(JSON.stringify([ret, aio.it.aio_nr - before]));
    }
    expect([...new Set(failures)]).toEqual(says.map((one) => JSON.stringify(one)));
  });

  test('reverted: an honest ring is waited for', () => {
    without('refcount_requests');
    const ctx = io_setup(8);
    submitStuck(ctx, REQUESTS);
    expect(() => sys_io_destroy(ctx)).toThrow(HANG);
    complaints();
    afterOops();
  });
});

describe('wait_for_requests', () => {
  test('fixed: io_destroy() does not return while a request is in flight', () => {
    const ctx = io_setup(8);
    submitStuck(ctx, 1);
    expect(() => sys_io_destroy(ctx)).toThrow(HANG);
    complaints();
    afterOops();
  });

  test('reverted: it does', () => {
    without('wait_for_requests');
    const ctx = io_setup(8);
    const iocbs = submitStuck(ctx, 3);
    expect(sys_io_destroy(ctx)).toBe(0);
    expect(inFlight()).toBe(3);
    expect(errname(sys_io_destroy(ctx))).toBe('-EINVAL');
    expect(iocbs.map(finish)).toEqual([true, true, true]);
    settleKernel();
    expect(liveObjects().has('kioctx')).toBe(false);
  });
});

describe('exit_waits', () => {
  test('fixed: exit_aio() does not return while a request is in flight', () => {
    submitStuck(io_setup(8), 1);
    expect(exitAio).toThrow(HANG);
    complaints();
    afterOops();
  });

  test('reverted: it does, and io_destroy() still waits', () => {
    without('exit_waits');
    const iocbs = [io_setup(8), io_setup(8)].flatMap((ctx) => submitStuck(ctx, 2));
    exitAio();
    expect(inFlight()).toBe(4);
    expect(iocbs.map(finish)).toEqual([true, true, true, true]);
    settleKernel();
    expect(liveObjects().has('kioctx')).toBe(false);
    submitStuck(io_setup(8), 1);
    expect(() => sys_io_destroy(io_setup(8))).not.toThrow();
    const ctx = io_setup(8);
    submitStuck(ctx, 1);
    expect(() => sys_io_destroy(ctx)).toThrow(HANG);
    complaints();
    afterOops();
  });
});

describe('async_destroy', () => {
  test('reverted: io_destroy() itself frees the context, and gives mapping and quota back', () => {
    for (const [reverted, alive] of [
      [[], true],
      [['async_destroy'], false],
    ] as const) {
      without(...reverted);
      const ctx = io_setup(100);
      expect([aio.it.aio_nr, mm().map_count]).toEqual([200, 1]);
      expect(sys_io_destroy(ctx)).toBe(0);
      expect([aio.it.aio_nr, mm().map_count]).toEqual([0, 0]);
      expect([reverted, liveObjects().has('kioctx')]).toEqual([reverted, alive]);
      settleKernel();
      expect(liveObjects().has('kioctx')).toBe(false);
    }
  });

  test.each([
    ['fixed', [], 2, 0],
    ['reverted', ['async_destroy'], 3, 1],
  ] as const)('%s: the call waits', (_which, reverted, periods, inCall) => {
    without(...reverted);
    const ctx = io_setup(8);
    const before = rcu_completed();
    expect(sys_io_destroy(ctx)).toBe(0);
    expect([rcu_completed() - before, current.gp_waits]).toEqual([periods, inCall]);
  });

  test('reverted together with wait_for_requests: one grace period, or none', () => {
    for (const [reverted, periods] of [
      [['wait_for_requests'], 0],
      [['wait_for_requests', 'async_destroy'], 1],
    ] as const) {
      without(...reverted);
      const ctx = io_setup(8);
      const before = rcu_completed();
      expect(sys_io_destroy(ctx)).toBe(0);
      expect(rcu_completed() - before).toBe(periods);
    }
  });

  test('reverted: exit_aio() waits for no grace period in kill_ioctx(), and leaves the mapping to the mm', () => {
    without('async_destroy');
    io_setup(8);
    exitAio();
    expect(current.gp_waits).toBe(0);
    expect(liveObjects().has('kioctx')).toBe(true);
    settleKernel();
    expect([aio.it.aio_nr, mm().map_count]).toEqual([0, 1]);
  });
});

describe('serialise_migration', () => {
  const migrateUnderRingLock = (ctx: number): string =>
    inKernel(() => {
      const { ring_lock } = contextOf(mm(), ctx);
      mutex_lock(ring_lock);
      const rc = migrate_page(firstPage(ctx));
      mutex_unlock(ring_lock);
      return errname(rc);
    });

  test('fixed: a page does not move while a reader has ring_lock', () => {
    expect(migrateUnderRingLock(io_setup(1))).toBe('-EAGAIN');
  });

  test('reverted: it does, with the events in it, and the references are right', () => {
    without('serialise_migration');
    const ctx = io_setup(1);
    expect(io_submit(ctx, ...reads(2))).toBe(2);
    const old = firstPage(ctx);
    expect(migrateUnderRingLock(ctx)).toBe('0');
    expect(firstPage(ctx)).not.toBe(old);
    expect([page_count(firstPage(ctx)), page_count(old)]).toEqual([2, 0]);
    expect(userReap(ctx, 9)).toHaveLength(2);
  });

  /** Migrates the ring's first page; what a reader does last happens between the copy and the change of the pointer. */
  function migrateUnderReader(ctx: number, read: number): string {
    const { ring_pages } = contextOf(mm(), ctx);
    const head = kmap_ring_page(contextOf(mm(), ctx), 0) + aio_ring.offsetof.head;
    setHook({
      access: (op, addr) => {
        if (op !== STORE || addr !== ring_pages) return;
        setHook(null);
        store32(head, read);
      },
      sleeper: null,
    });
    return inKernel(() => errname(migrate_page(firstPage(ctx))));
  }

  test('reverted: a head that is stored after the copy is lost, and events come twice', () => {
    without('serialise_migration');
    const ctx = io_setup(1);
    expect(io_submit(ctx, ...reads(3, 100))).toBe(3);
    expect(migrateUnderReader(ctx, 2)).toBe('0');
    expect(userReap(ctx, 9).map(({ data }) => data)).toEqual([100, 101, 102]);
  });

  test('fixed: who may store the head holds ring_lock, and then no page moves', () => {
    const ctx = io_setup(1);
    expect(io_submit(ctx, ...reads(3, 100))).toBe(3);
    const { ring_lock } = contextOf(mm(), ctx);
    inKernel(() => mutex_lock(ring_lock));
    expect(migrateUnderReader(ctx, 2)).toBe('-EAGAIN');
    setHook(null);
    inKernel(() => mutex_unlock(ring_lock));
    expect(userReap(ctx, 9)).toHaveLength(3);
  });
});

/** A bit of everything, which one CPU does right on every build. @param ctx - a new one */
function everydayLife(ctx: number): void {
  nullb_set_delay(0, 0);
  const device = openDevice();
  const pending = openPending();
  for (let turn = 0; turn < 4; turn++) {
    expect(io_submit(ctx, ...reads(40, 100))).toBe(40);
    expect(inKernel(() => migrate_page(firstPage(ctx)))).toBe(0);
    expect(userReap(ctx, 15).map(({ data }) => data)).toEqual(Array.from({ length: 15 }, (_, i) => 100 + i));
    const slow = makeIocb({ fd: device, buf: malloc(64), nbytes: 64, data: 7 });
    const stuck = makeIocb({ fd: pending, buf: malloc(64), nbytes: 64, data: 8 });
    expect(io_submit(ctx, slow, stuck)).toBe(2);
    expect(io_getevents(ctx, 25)).toHaveLength(25);
    expect(errname(sys_io_cancel(ctx, stuck))).toBe('-EINPROGRESS');
    while (inKernel(nullb_poll) > 0);
    const events = io_getevents(ctx, 9);
    expect(events).toHaveLength(2);
    expect(events).toContainEqual({ data: 7, res: 64 });
    expect(events).toContainEqual({ data: 8, res: -ECANCELED });
    // Left in flight for io_destroy(), which cancels it.
    expect(io_submit(ctx, makeIocb({ fd: pending, buf: malloc(64), nbytes: 64 }))).toBe(1);
  }
  expect(inFlight()).toBe(4);
}

describe('unmap_failed_ring', () => {
  /** Makes a context for which there is no quota any more. @returns mappings that it left */
  function failOnQuota(): number {
    aio.it.aio_max_nr = 8;
    io_setup(4);
    const before = mm().map_count;
    expect(tryIoSetup(4)).toBe('-EAGAIN');
    return mm().map_count - before;
  }

  test('v3.17: the ring of a failed io_setup() stays mapped', () => {
    expect(failOnQuota()).toBe(1);
  });

  test('applied: it is unmapped', () => {
    logout();
    login({ applied: ['unmap_failed_ring'] });
    expect(failOnQuota()).toBe(0);
  });
});

const BUILDS: readonly (readonly [name: string, build: Build])[] = [
  ['v3.17', { reverted: [] }],
  // Without that no context ends well: see destroy.test.ts.
  ...REVERTIBLE.filter((slug) => slug !== 'hold_reqs_for_users').map(
    (slug) => [`without ${slug}`, buildWithout(slug)] as const,
  ),
  ...APPLICABLE.map((slug) => [`with ${slug}`, buildWith(slug)] as const),
];

test.each(BUILDS)('everyday life on %s: nothing is complained about, lost or left', (_name, build) => {
  logout();
  login(build);
  const ctx = io_setup(20);
  everydayLife(ctx);
  expect(sys_io_destroy(ctx)).toBe(0);
  while (inKernel(nullb_poll) > 0);
  settleKernel();
  expect(inFlight()).toBe(0);
  expect(liveObjects().has('kioctx')).toBe(false);
  expect([aio.it.aio_nr, mm().map_count]).toEqual([0, 0]);
  everydayLife(io_setup(20));
});
