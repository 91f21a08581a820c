// SPDX-License-Identifier: GPL-2.0-only
/** RCU callbacks and work in one thread, which plays the kernel threads, too. */
import { beforeEach, describe, expect, it } from 'vitest';
import { setCpu } from '../arch/sab/cpu.ts';
import { type Fn, fn } from '../arch/sab/functable.ts';
import type { Addr } from '../arch/sab/memory.ts';
import type { Machine } from '../init/machine.ts';
import { kfree, kzalloc } from '../mm/slab.ts';
import { boot, kinds } from '../testing/boot.ts';
import { call_rcu, rcu_completed, rcu_gp_kthread, rcu_head, rcu_pending } from './rcu/tree.ts';
import {
  cpu_task,
  current,
  dyntick_save_progress_counter,
  kernel_enter,
  kernel_exit,
  sched_attach,
  wait_for_quiescent_cpu,
} from './sched/core.ts';
import { INIT_WORK, schedule_work, type WorkFunc, work_struct, worker_thread } from './workqueue.ts';

let called: number[] = [];
const note = fn('test_note', (object: Addr<rcu_head> | Addr<work_struct>) => {
  called.push(object);
});
const note_and_free = fn('test_note_and_free', (object: Addr<rcu_head> | Addr<work_struct>) => {
  called.push(object);
  kfree(object);
});
let again = 0;
const call_again = fn('test_call_again', (head: Addr<rcu_head>) => {
  called.push(head);
  if (again-- > 0) call_rcu(head, call_again);
});
const work_again = fn('test_work_again', (work: Addr<work_struct>) => {
  called.push(work);
  if (again-- > 0) expect(schedule_work(work)).toBe(true);
});

let machine: Machine;
beforeEach(() => {
  machine = boot();
  called = [];
  again = 0;
});
const head = (): Addr<rcu_head> => kzalloc(rcu_head.sizeof) as Addr<rcu_head>;
const work = (f: Fn<WorkFunc>): Addr<work_struct> => {
  const w = kzalloc(work_struct.sizeof) as Addr<work_struct>;
  INIT_WORK(w, f);
  return w;
};

describe('RCU', () => {
  it('calls back in order, after a grace period, and may be called for freeing', () => {
    const heads = [head(), head(), head()];
    for (const h of heads) call_rcu(h, note_and_free);
    expect([rcu_pending(), called]).toEqual([3, []]);
    rcu_gp_kthread(() => true);
    expect([rcu_pending(), called, rcu_completed()]).toEqual([0, heads, 1]);
    expect(kinds(machine)).toEqual([]);
  });
  it('needs another grace period for a callback that a callback queues', () => {
    again = 2;
    call_rcu(head(), call_again);
    rcu_gp_kthread(() => true);
    expect([called.length, rcu_completed(), rcu_pending()]).toEqual([3, 3, 0]);
  });
  it('does not wait for a CPU in user mode, nor for one that has been there since it began', () => {
    dyntick_save_progress_counter(1, false);
    wait_for_quiescent_cpu(1, false);
    setCpu(1, 2);
    sched_attach();
    expect(current).toEqual(cpu_task(1));
    setCpu(0, 2);
    sched_attach();
    dyntick_save_progress_counter(0, false);
    kernel_exit();
    kernel_enter();
    wait_for_quiescent_cpu(0, false);
  });
});

describe('workqueue', () => {
  it('does work in order, once, and frees what frees itself', () => {
    const works = [work(note), work(note_and_free), work(note)];
    expect(works.map(schedule_work)).toEqual([true, true, true]);
    expect(schedule_work(works[0] as Addr<work_struct>)).toBe(false);
    worker_thread(() => true);
    expect(called).toEqual(works);
    expect(schedule_work(works[0] as Addr<work_struct>)).toBe(true);
    worker_thread(() => true);
    expect(called.length).toBe(4);
    expect(kinds(machine)).toEqual([]);
  });
  it('lets work queue itself again', () => {
    again = 3;
    schedule_work(work(work_again));
    worker_thread(() => true);
    expect(called.length).toBe(4);
  });
});
