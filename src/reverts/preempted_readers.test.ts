// SPDX-License-Identifier: GPL-2.0-only
/** A system call is preempted while it looks up a context, which another thread destroys meanwhile; on each build. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Hook } from '../arch/sab/access.ts';
import { rcu_preempt_depth, set_rcu_preempt_depth } from '../arch/sab/cpu.ts';
import { setHook } from '../arch/sab/memory.ts';
import { sys_io_destroy } from '../fs/aio/syscalls.ts';
import { rcu_run_pending } from '../kernel/rcu/tree.ts';
import { workqueue_run_pending } from '../kernel/workqueue.ts';
import { kasan_check } from '../mm/kasan.ts';
import { liveObjects } from '../mm/slab.ts';
import { contextOf } from '../testing/slots.ts';
import { complaints, inKernel, io_getevents, io_setup, login, logout, mm, runOn } from '../testing/user.ts';
import { settleKernel } from '../user/process.ts';
import type { Slug } from './registry.ts';

beforeEach(() => login());
afterEach(logout);

/** A machine with a preemptible RCU, and these fixes, instead of the one that there is. */
function withFixes(...applied: Slug[]): void {
  logout();
  login({ rcu: 'preempt', applied });
}
/** Drops the machine, whose memory is wrong now. */
const drop = (): void => login();

const KASAN: Hook = { access: kasan_check, shadowed: true, sleeper: null };

/** Has another CPU destroy a context when this one, which has found it in the table, is about to look at it. */
function destroyUnderReader(ctx: number): void {
  const word = contextOf(mm(), ctx).$user_id as number;
  const access: Hook['access'] = (op, addr, bytes) => {
    if (addr !== word) return;
    setHook(KASAN);
    const depth = rcu_preempt_depth();
    runOn(1);
    expect(sys_io_destroy(ctx)).toBe(0);
    inKernel(() => {
      while (rcu_run_pending() || workqueue_run_pending());
    });
    runOn(0);
    set_rcu_preempt_depth(depth);
    kasan_check(op, addr, bytes);
  };
  setHook({ access, sleeper: null });
}
const contexts = (): number => liveObjects().get('kioctx') ?? 0;

test('v3.17: the context is freed under the reader', () => {
  withFixes();
  const ctx = io_setup(8);
  destroyUnderReader(ctx);
  expect(() => io_getevents(ctx, 1)).toThrow('KASAN');
  expect(complaints()).toEqual(['kasan:use-after-free: KASAN: slab-use-after-free of kioctx']);
  drop();
});

test('refuse_dying_contexts alone does not help who has not come to its reference', () => {
  withFixes('refuse_dying_contexts');
  const ctx = io_setup(8);
  destroyUnderReader(ctx);
  expect(() => io_getevents(ctx, 1)).toThrow('KASAN');
  expect(complaints()).toEqual(['kasan:use-after-free: KASAN: slab-use-after-free of kioctx']);
  drop();
});

test('free_contexts_after_readers alone: the reader gets a reference of a context that has no users any more', () => {
  withFixes('free_contexts_after_readers');
  const ctx = io_setup(8);
  destroyUnderReader(ctx);
  expect(io_getevents(ctx, 1)).toBe('-EINVAL');
  expect(complaints()).toEqual(['warn: WARNING: percpu_ref_kill() called more than once']);
  drop();
});

test('both: the context waits for the reader, who does not get it', () => {
  withFixes('free_contexts_after_readers', 'refuse_dying_contexts');
  const ctx = io_setup(8);
  destroyUnderReader(ctx);
  expect(io_getevents(ctx, 1)).toBe('-EINVAL');
  expect(contexts()).toBe(1);
  settleKernel();
  expect(contexts()).toBe(0);
});
