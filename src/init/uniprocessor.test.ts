// SPDX-License-Identifier: GPL-2.0-only
/** A CPU that is alone serves what is deferred instead of sleeping, and says so if it would sleep for ever. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sched_clock } from '../arch/sab/clock.ts';
import { fn } from '../arch/sab/functable.ts';
import { type Addr, load32, store32 } from '../arch/sab/memory.ts';
import { embed, struct, u32 } from '../arch/sab/struct.ts';
import { KernelOops } from '../kernel/oops.ts';
import { call_rcu, rcu_completed, rcu_head, rcu_pending, synchronize_rcu } from '../kernel/rcu/tree.ts';
import { complete, completion, init_completion, wait_for_completion } from '../kernel/sched/completion.ts';
import {
  current,
  msleep,
  schedule,
  set_current_state,
  TASK_RUNNING,
  TASK_UNINTERRUPTIBLE,
} from '../kernel/sched/core.ts';
import { flush_workqueue, INIT_WORK, schedule_work, work_struct } from '../kernel/workqueue.ts';
import { kfree, kzalloc } from '../mm/slab.ts';
import { complaints, inKernel, login, logout } from '../testing/user.ts';

beforeEach(() => login());
afterEach(logout);

const deferred = struct('deferred', {
  rcu: embed(rcu_head),
  work: embed(work_struct),
  done: embed(completion),
  /** times that a function of this file was called with it */
  calls: u32,
});

const in_callback = fn('test: callback, then work', (head: Addr<rcu_head>) => {
  const d = deferred.at(head - deferred.offsetof.rcu);
  d.calls += 1;
  INIT_WORK(d.work, in_work);
  schedule_work(d.work);
});
function done(work: Addr<work_struct>): void {
  const d = deferred.at(work - deferred.offsetof.work);
  d.calls += 1;
  complete(completion.at(d.done));
}
const in_work = fn('test: work', (work: Addr<work_struct>) => {
  expect([current.mm, current.files]).toEqual([0, 0]);
  done(work);
});
const sleeping_work = fn('test: work that sleeps', (work: Addr<work_struct>) => {
  synchronize_rcu();
  done(work);
});

function withDeferred(f: (d: ReturnType<typeof deferred.at>) => void): void {
  inKernel(() => {
    const d = deferred.at(kzalloc(deferred.sizeof));
    init_completion(completion.at(d.done));
    f(d);
    kfree(d.addr);
  });
}

test('a sleeper calls the callbacks, and does the work that they queue', () => {
  withDeferred((d) => {
    const { mm, files } = current;
    call_rcu(d.rcu, in_callback);
    expect(d.calls).toBe(0);
    wait_for_completion(completion.at(d.done));
    expect(d.calls).toBe(2);
    expect([current.mm, current.files]).toEqual([mm, files]);
    expect(current.state).toBe(TASK_RUNNING);
  });
});

test('work may sleep inside of a sleeper, whose wake-up is not lost', () => {
  withDeferred((d) => {
    INIT_WORK(d.work, sleeping_work);
    schedule_work(d.work);
    wait_for_completion(completion.at(d.done));
    expect(d.calls).toBe(1);
    expect(current.stack_used).toBe(0);
  });
});

test('a sleeper does no more than it must to wake', () => {
  withDeferred((d) => {
    call_rcu(d.rcu, in_callback);
    synchronize_rcu();
    expect(d.calls).toBe(1);
    flush_workqueue();
    expect(d.calls).toBe(2);
  });
});

test('grace periods are counted, and callbacks that wait', () => {
  inKernel(() => {
    const before = rcu_completed();
    synchronize_rcu();
    synchronize_rcu();
    expect(rcu_completed() - before).toBe(2);
    expect(rcu_pending()).toBe(0);
  });
});

test('a sleep with a timeout ends at its time', () => {
  inKernel(() => {
    const start = sched_clock();
    msleep(3_000_000);
    expect(sched_clock() - start).toBeGreaterThanOrEqual(2_900_000);
  });
});

test('a sleep that nobody can end is an oops', () => {
  const dynticks = load32(current.dynticks);
  expect(() =>
    inKernel(() => {
      set_current_state(TASK_UNINTERRUPTIBLE);
      schedule();
    }),
  ).toThrow(KernelOops);
  expect(complaints()).toEqual(['hang: the only CPU would sleep for ever']);
  // The oops has unwound the task in mid-sleep: wake it, and account for the way out.
  current.state = TASK_RUNNING;
  store32(current.dynticks, dynticks);
  inKernel(() => synchronize_rcu());
});
