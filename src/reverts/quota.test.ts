// SPDX-License-Identifier: GPL-2.0-only
/** What the reverts do that are about io_setup() and the quota. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Access, RMW } from '../arch/sab/access.ts';
import { load32, setHook } from '../arch/sab/memory.ts';
import { aio, kioctx_table, kioctx_table_slot } from '../fs/aio/kioctx.ts';
import { sys_io_destroy } from '../fs/aio/syscalls.ts';
import { spinlock_t } from '../kernel/locking/spinlock.ts';
import { before } from '../testing/broken_lock.ts';
import { complaints, exitAio, io_setup, login, logout, mm, tryIoSetup } from '../testing/user.ts';
import { errname } from '../uapi/errno.ts';
import { scribble } from '../user/libaio.ts';
import type { Slug } from './registry.ts';

beforeEach(() => login());
afterEach(logout);

/** A machine without these fixes instead of the one that there is. */
function without(...reverted: Slug[]): void {
  logout();
  login({ reverted });
}
/** Drops the machine, which an oops has stopped in mid-call. */
const afterOops = (): void => login();

describe('publish_last', () => {
  /** Makes a context, and fails to make another. @returns the first one's handle */
  function failOnQuota(): number {
    aio.it.aio_max_nr = 8;
    const ctx = io_setup(4);
    expect(tryIoSetup(4)).toBe('-EAGAIN');
    return ctx;
  }
  const slots = (): number[] => {
    const table = kioctx_table.at(mm().ioctx_table);
    return Array.from({ length: table.nr }, (_, i) => load32(kioctx_table_slot(table, i)));
  };

  test('fixed: a context that fails on the quota has not been in the table', () => {
    failOnQuota();
    expect(slots().map((slot) => slot !== 0)).toEqual([true, false, false, false]);
  });

  test('reverted: it is in the table and freed, and exit_aio() writes it', () => {
    without('publish_last');
    failOnQuota();
    expect(slots().map((slot) => slot !== 0)).toEqual([true, true, false, false]);
    expect(exitAio).toThrow('KASAN');
    expect(complaints()).toEqual(['kasan:use-after-free: KASAN: slab-use-after-free of kioctx']);
    afterOops();
  });

  test('reverted: whoever looks a handle up in that slot reads it', () => {
    without('publish_last');
    const ctx = failOnQuota();
    scribble(ctx, 'id', 1);
    expect(() => sys_io_destroy(ctx)).toThrow('KASAN');
    expect(complaints()).toEqual(['kasan:use-after-free: KASAN: slab-use-after-free of kioctx']);
    afterOops();
  });

  test('fixed: there is no context with such a handle', () => {
    const ctx = failOnQuota();
    scribble(ctx, 'id', 1);
    expect(errname(sys_io_destroy(ctx))).toBe('-EINVAL');
  });
});

describe('test_before_charging', () => {
  /**
   * Asks for `much`; as soon as it has let go of aio_nr_lock for the first time, another CPU asks for `little`.
   * @returns what both get
   */
  function race(much: number, little: number): [string, string] {
    const lock = aio.it.aio_nr_lock;
    let taken = 0;
    let other = '';
    const lockIsFree = (op: Access, addr: number): boolean => {
      if (addr < lock || addr >= lock + spinlock_t.sizeof) return taken === 2;
      if (op === RMW && addr === lock) taken++;
      return false;
    };
    before(lockIsFree, () => {
      other = tryIoSetup(little);
    });
    const one = tryIoSetup(much);
    setHook(null);
    return [one, other];
  }

  test.each([
    ['fixed', [], ['-EAGAIN', '0']],
    ['reverted', ['test_before_charging'], ['-EAGAIN', '-EAGAIN']],
  ] as const)('%s: a context that is too large, and one beside it for which there is room', (_, reverted, got) => {
    without(...reverted);
    aio.it.aio_max_nr = 64;
    io_setup(32);
    expect(race(64, 32)).toEqual(got);
    expect(tryIoSetup(32)).toBe(got[1] === '0' ? '-EAGAIN' : '0'); // what was charged for nothing is back
    expect(aio.it.aio_nr).toBe(128);
  });

  test('reverted: two that fit both get their contexts', () => {
    without('test_before_charging');
    aio.it.aio_max_nr = 64;
    expect(race(32, 32)).toEqual(['0', '0']);
  });
});
