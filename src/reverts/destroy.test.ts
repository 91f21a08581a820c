// SPDX-License-Identifier: GPL-2.0-only
/** The reverts that are about how io_destroy() ends, driven step by step, beside the fixed kernel. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RMW } from '../arch/sab/access.ts';
import { DELAY_FOREVER, nullb_complete_by_hand, nullb_set_delay } from '../drivers/null_blk.ts';
import { sys_io_destroy } from '../fs/aio/syscalls.ts';
import { liveObjects } from '../mm/slab.ts';
import {
  complaints,
  inKernel,
  io_setup,
  io_submit,
  login,
  logout,
  makeIocb,
  malloc,
  meanwhile,
  mm,
  openDevice,
} from '../testing/user.ts';
import { errname } from '../uapi/errno.ts';
import { settleKernel } from '../user/process.ts';
import type { Slug } from './registry.ts';

beforeEach(() => login());
afterEach(logout);

const HANG = 'the only CPU would sleep for ever';
const NOT_POSITIVE = 'refcount:underflow: percpu ref <= 0 when it was killed';

/** A machine without these fixes instead of the one that there is. */
function without(...reverted: Slug[]): void {
  logout();
  login({ reverted });
}
/** Drops the machine, which is not what a process can end on. */
const dropMachine = (): void => login();

const inFlight = (): number => liveObjects().get('kiocb') ?? 0;
const kioctxs = (): number => liveObjects().get('kioctx') ?? 0;
const finish = (iocb: number): boolean => inKernel(() => nullb_complete_by_hand(iocb, 64));

/** Requests in flight that neither complete by themselves nor can be cancelled. */
function submitStuck(ctx: number, count: number): number[] {
  nullb_set_delay(DELAY_FOREVER, DELAY_FOREVER);
  const fd = openDevice();
  const iocbs = Array.from({ length: count }, () => makeIocb({ fd, buf: malloc(64), nbytes: 64 }));
  expect(io_submit(ctx, ...iocbs)).toBe(count);
  return iocbs;
}

describe('refuse_second_destroy', () => {
  /** Destroys; another CPU does so, too, when the first has won, and the table still has the context. */
  function destroyTwice(): { first: string; second: string; left: number } {
    const ctx = io_setup(8);
    const [iocb] = submitStuck(ctx, 1) as [number];
    let second = 'never called';
    let left = -1;
    const table: number = mm().ioctx_lock;
    meanwhile(
      (op, addr) => op === RMW && addr === table,
      () => {
        second = errname(sys_io_destroy(ctx));
        left = inFlight();
        finish(iocb);
      },
    );
    const first = errname(sys_io_destroy(ctx));
    settleKernel();
    return { first, second, left };
  }

  test.each([
    ['fixed', [], '-EINVAL'],
    ['reverted', ['refuse_second_destroy'], '0'],
    ['reverted together with wait_for_requests', ['refuse_second_destroy', 'wait_for_requests'], '0'],
    ['reverted together with async_destroy', ['refuse_second_destroy', 'async_destroy'], '0'],
  ] as const)('%s: what the loser says, with a request in flight', (_which, reverted, second) => {
    without(...reverted);
    expect(destroyTwice()).toEqual({ first: '0', second, left: 1 });
    expect(kioctxs()).toBe(0);
  });

  test('reverted: who comes when the context is gone still gets an error', () => {
    without('refuse_second_destroy');
    const ctx = io_setup(8);
    expect([sys_io_destroy(ctx), errname(sys_io_destroy(ctx))]).toEqual([0, '-EINVAL']);
  });
});

describe('hold_reqs_for_users', () => {
  test('reverted: io_destroy() of a context without requests never returns', () => {
    without('hold_reqs_for_users');
    const ctx = io_setup(8);
    expect(() => sys_io_destroy(ctx)).toThrow(HANG);
    expect(complaints()).toEqual([NOT_POSITIVE, `hang: ${HANG}`]);
    dropMachine();
  });

  // The fix is of v3.13, when nobody waited for requests.
  test.each([
    ['fixed', ['wait_for_requests'], 0, []],
    ['reverted', ['wait_for_requests', 'hold_reqs_for_users'], 1, [NOT_POSITIVE]],
  ] as const)('%s, where nobody waits: contexts without requests that are left', (_which, reverted, left, says) => {
    without(...reverted);
    expect(sys_io_destroy(io_setup(8))).toBe(0);
    settleKernel();
    expect([kioctxs(), complaints()]).toEqual([left, says]);
    dropMachine();
  });

  test.each([
    ['fixed', ['wait_for_requests'], 1],
    ['reverted', ['wait_for_requests', 'hold_reqs_for_users'], 0],
  ] as const)('%s, where nobody waits: of two requests one is done, contexts left', (_which, reverted, left) => {
    without(...reverted);
    const ctx = io_setup(8);
    const [first, last] = submitStuck(ctx, 2) as [number, number];
    expect(sys_io_destroy(ctx)).toBe(0);
    settleKernel();
    expect(finish(first)).toBe(true);
    settleKernel();
    expect([inFlight(), kioctxs()]).toEqual([1, left]);
    if (left === 1) {
      expect(finish(last)).toBe(true);
      settleKernel();
      expect(kioctxs()).toBe(0);
    } else {
      expect(() => finish(last)).toThrow('KASAN');
      expect(complaints()).toEqual([expect.stringContaining('kasan:use-after-free')]);
      dropMachine();
    }
  });
});
