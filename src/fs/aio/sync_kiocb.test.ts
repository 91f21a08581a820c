// SPDX-License-Identifier: GPL-2.0-only
/** Synchronous requests: somebody waits for this very one, and no context is involved. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fn } from '../../arch/sab/functable.ts';
import type { Addr } from '../../arch/sab/memory.ts';
import { embed, struct, u32 } from '../../arch/sab/struct.ts';
import { current } from '../../kernel/sched/core.ts';
import { INIT_WORK, schedule_work, work_struct } from '../../kernel/workqueue.ts';
import { kfree, kzalloc } from '../../mm/slab.ts';
import { complaints, inKernel, login, logout } from '../../testing/user.ts';
import { EIO } from '../../uapi/errno.ts';
import { aio_complete, sync_kiocb_onstack, wait_on_sync_kiocb } from './completion.ts';
import { kiocb } from './kioctx.ts';

beforeEach(() => login());
afterEach(logout);

test.each([0, 1, 4096, 0x7fff_ffff, -EIO])('completed before it is waited for: the result is %i', (res) => {
  inKernel(() => {
    const iocb = sync_kiocb_onstack();
    aio_complete(iocb, res, 0);
    expect(wait_on_sync_kiocb(iocb)).toBe(res);
    expect(current.stack_used).toBe(0);
  });
});

const completer = struct('sync_completer', { work: embed(work_struct), iocb: u32, times: u32 });
const complete_fn = fn('test: complete a synchronous request', (work: Addr<work_struct>) => {
  const c = completer.at(work);
  c.times += 1;
  aio_complete(kiocb.at(c.iocb), 42, 0);
});

test('completed while it is waited for', () => {
  inKernel(() => {
    const c = completer.at(kzalloc(completer.sizeof));
    const iocb = sync_kiocb_onstack();
    c.iocb = iocb.addr;
    INIT_WORK(c.work, complete_fn);
    schedule_work(c.work);
    expect(wait_on_sync_kiocb(iocb)).toBe(42);
    expect(c.times).toBe(1);
    kfree(c.addr);
  });
});

test('several at once end in reverse order of their beginning', () => {
  inKernel(() => {
    const outer = sync_kiocb_onstack();
    const inner = sync_kiocb_onstack();
    aio_complete(outer, 1, 0);
    aio_complete(inner, 2, 0);
    expect([wait_on_sync_kiocb(inner), wait_on_sync_kiocb(outer)]).toEqual([2, 1]);
  });
});

test('one that nobody completes is waited for', () => {
  expect(() => inKernel(() => wait_on_sync_kiocb(sync_kiocb_onstack()))).toThrow('the only CPU would sleep for ever');
  expect(complaints()).toEqual(['hang: the only CPU would sleep for ever']);
  // The way out of an oops leaves the stack as it is.
  login();
});
