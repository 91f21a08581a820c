// SPDX-License-Identifier: GPL-2.0-only
/** References and locks that keep an object while another CPU ends it, driven to the very access between the two. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Access, LOAD } from '../arch/sab/access.ts';
import { load32, setHook } from '../arch/sab/memory.ts';
import { Prng } from '../arch/sab/prng.ts';
import { container_of } from '../arch/sab/struct.ts';
import { nullb_complete_by_hand } from '../drivers/null_blk.ts';
import { was_listed } from '../fs/aio/cancel.ts';
import { kiocb } from '../fs/aio/kioctx.ts';
import { sys_io_destroy, sys_io_setup } from '../fs/aio/syscalls.ts';
import { file, files_struct } from '../fs/file.ts';
import { makeHook } from '../init/hook.ts';
import { mutex } from '../kernel/locking/mutex.ts';
import { spin_is_locked } from '../kernel/locking/spinlock.ts';
import { current } from '../kernel/sched/core.ts';
import { list_next } from '../lib/list.ts';
import { kasan_check } from '../mm/kasan.ts';
import { MMAP_BASE } from '../mm/mm_types.ts';
import { pte_offset } from '../mm/pagetable.ts';
import { liveObjects } from '../mm/slab.ts';
import { contextOf } from '../testing/slots.ts';
import {
  close,
  complaints,
  io_getevents,
  io_setup,
  io_submit,
  login,
  logout,
  makeIocb,
  malloc,
  mallocReadOnly,
  mm,
  openPending,
  runOn,
} from '../testing/user.ts';
import { settleKernel } from '../user/process.ts';

beforeEach(() => login());
afterEach(logout);

const HANG = 'the only CPU would sleep for ever';

/** Does what another CPU does, just before the n-th load of a word. */
function beforeLoad(word: number, act: () => void, nth = 1): void {
  let count = 0;
  const access = (op: Access, addr: number): void => {
    if (op !== LOAD || addr !== word || ++count !== nth) return;
    setHook(makeHook(kasan_check, 'none', new Prng(1), null));
    act();
  };
  setHook({ access, sleeper: null });
}

describe('cancel_before_unlink', () => {
  /** io_destroy() has unlinked a request and is about to have it cancelled, when a completer comes for it. */
  function destroyWhenItCompletes(act: (req: kiocb, iocb: number) => void): number {
    const ctx = io_setup(8);
    const iocb = makeIocb({ fd: openPending(), buf: malloc(64), nbytes: 64 });
    expect(io_submit(ctx, iocb)).toBe(1);
    const req = container_of(list_next(contextOf(mm(), ctx).active_reqs), kiocb, 'ki_list');
    beforeLoad(req.$ki_cancel, () => act(req, iocb));
    return sys_io_destroy(ctx);
  }

  test('fixed: whoever completes it takes ctx_lock, which io_destroy() holds', () => {
    const seen: boolean[] = [];
    const look = (req: kiocb): void => void seen.push(was_listed(req), spin_is_locked(req.ki_ctx.ctx_lock));
    expect(destroyWhenItCompletes(look)).toBe(0);
    expect(seen).toEqual([true, true]);
  });

  test('reverted: it is gone when it is cancelled', () => {
    logout();
    login({ reverted: ['cancel_before_unlink'] });
    expect(() => destroyWhenItCompletes((_, iocb) => nullb_complete_by_hand(iocb, 64))).toThrow('KASAN');
    expect(complaints()).toEqual(['kasan:use-after-free: KASAN: slab-use-after-free of kiocb']);
    login();
  });
});

describe('hold_new_context', () => {
  /** The handle is stored where nothing can be; before the store another CPU destroys the context. */
  function setupWhileItIsDestroyed(): number {
    const ctxp = mallocReadOnly();
    const destroy = (): void => {
      runOn(1);
      sys_io_destroy(MMAP_BASE);
      settleKernel();
      runOn(0);
    };
    // Two halves are loaded to begin with.
    beforeLoad(pte_offset(mm().pgd, ctxp), destroy, 3);
    return sys_io_setup(8, ctxp);
  }

  test('fixed: io_destroy() waits for io_setup()', () => {
    expect(setupWhileItIsDestroyed).toThrow(HANG);
    expect(complaints()).toEqual([`hang: ${HANG}`]);
    login();
  });

  test('reverted: io_setup() uses what is freed', () => {
    logout();
    login({ reverted: ['hold_new_context'] });
    expect(setupWhileItIsDestroyed).toThrow('KASAN');
    expect(complaints()).toEqual(['kasan:use-after-free: KASAN: slab-use-after-free of kioctx']);
    login();
  });
});

describe('hold_file_reference', () => {
  /** A request has been queued; before the file's method has returned, the file is closed and the request completes. */
  function submitWhileItIsClosed(): number {
    const ctx = io_setup(8);
    const fd = openPending();
    const iocb = makeIocb({ fd, buf: malloc(64), nbytes: 64, data: 7 });
    const filp = file.at(load32(files_struct.at(current.files).fd + 4 * fd));
    beforeLoad(filp.private_data + mutex.offsetof.owner, () => {
      close(fd);
      nullb_complete_by_hand(iocb, 64);
    });
    expect(io_submit(ctx, iocb)).toBe(1);
    return ctx;
  }

  test('v3.17: it uses what belonged to the file', () => {
    expect(submitWhileItIsClosed).toThrow('KASAN');
    expect(complaints()).toEqual(['kasan:use-after-free: KASAN: slab-use-after-free of ep_data']);
    login();
  });

  test('applied: the file is released when it has returned', () => {
    logout();
    login({ applied: ['hold_file_reference'] });
    const ctx = submitWhileItIsClosed();
    expect(io_getevents(ctx, 2)).toEqual([{ data: 7, res: 64 }]);
    settleKernel();
    expect(liveObjects().has('ep_data')).toBe(false);
  });
});
