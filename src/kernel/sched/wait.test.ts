// SPDX-License-Identifier: GPL-2.0-only
/** Wait queues, timeouts and completions in one thread. Lost wake-ups: testing/primitives.slow.test.ts. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Addr } from '../../arch/sab/memory.ts';
import { load32 } from '../../arch/sab/memory.ts';
import type { Machine } from '../../init/machine.ts';
import { kzalloc } from '../../mm/slab.ts';
import { boot, kinds, oopsOf } from '../../testing/boot.ts';
import { ERESTARTSYS } from '../../uapi/errno.ts';
import { spin_lock_irqsave, spin_unlock_irqrestore } from '../locking/spinlock.ts';
import { complete, completion_onstack, free_completion_onstack, wait_for_completion } from './completion.ts';
import {
  clear_signal,
  cpu_task,
  current,
  STACK_BYTES,
  schedule,
  schedule_timeout,
  send_signal,
  set_current_state,
  signal_pending,
  stack_alloc,
  stack_free,
  TASK_INTERRUPTIBLE,
  TASK_RUNNING,
  TASK_UNINTERRUPTIBLE,
  task_state,
  wake_up_process,
} from './core.ts';
import {
  __add_wait_queue_tail_exclusive,
  __remove_wait_queue,
  DECLARE_WAITQUEUE,
  DEFINE_WAIT,
  FREE_WAIT,
  finish_wait,
  init_waitqueue_head,
  prepare_to_wait,
  prepare_to_wait_event,
  wait_queue_head_t,
  type wait_queue_t,
  waitqueue_active,
  wake_up,
  wake_up_locked,
} from './wait.ts';

let machine: Machine;
let q: Addr<wait_queue_head_t>;
beforeEach(() => {
  machine = boot({ cpus: 3 });
  q = kzalloc(wait_queue_head_t.sizeof) as Addr<wait_queue_head_t>;
  init_waitqueue_head(q, 'test_lock_a');
});

describe('wait queue', () => {
  it('has a waiter from prepare to finish', () => {
    const wait = DEFINE_WAIT();
    expect(waitqueue_active(q)).toBe(false);
    prepare_to_wait(q, wait, TASK_UNINTERRUPTIBLE);
    prepare_to_wait(q, wait, TASK_UNINTERRUPTIBLE);
    expect([waitqueue_active(q), task_state(0)]).toEqual([true, TASK_UNINTERRUPTIBLE]);
    finish_wait(q, wait);
    expect([waitqueue_active(q), task_state(0)]).toEqual([false, TASK_RUNNING]);
    FREE_WAIT();
  });
  it('makes a waiter that was woken before it slept run on', () => {
    const wait = DEFINE_WAIT();
    prepare_to_wait(q, wait, TASK_UNINTERRUPTIBLE);
    wake_up(q);
    expect([task_state(0), waitqueue_active(q)]).toEqual([TASK_RUNNING, false]);
    schedule();
    finish_wait(q, wait);
    FREE_WAIT();
    expect(kinds(machine)).toEqual([]);
  });
  /** Entries in the queue, each of the task of another CPU, which sleeps. */
  const sleepers = (make: () => wait_queue_t, count: number): wait_queue_t[] =>
    Array.from({ length: count }, (_, cpu) => {
      const wait = make();
      wait.task = cpu_task(cpu).addr;
      cpu_task(cpu).state = TASK_UNINTERRUPTIBLE;
      return wait;
    });
  const isQueued = (wait: wait_queue_t): boolean => load32(wait.task_list) !== wait.task_list;
  function wakeUnderLock(nr: number): void {
    const { lock } = wait_queue_head_t.at(q);
    const flags = spin_lock_irqsave(lock);
    wake_up_locked(q, nr);
    spin_unlock_irqrestore(lock, flags);
  }

  it('wakes all but the exclusive ones, of whom it wakes as many as are asked for, oldest first', () => {
    const [plain] = sleepers(DEFINE_WAIT, 1) as [wait_queue_t];
    prepare_to_wait(q, plain, TASK_UNINTERRUPTIBLE);
    const exclusive = sleepers(DECLARE_WAITQUEUE, 3);
    for (const wait of exclusive) __add_wait_queue_tail_exclusive(q, wait);
    const states = (): number[] => [0, 1, 2].map(task_state);
    wakeUnderLock(1);
    // The first exclusive entry is of the task that the plain one has woken, which counts for neither.
    expect(states()).toEqual([TASK_RUNNING, TASK_RUNNING, TASK_UNINTERRUPTIBLE]);
    wakeUnderLock(1);
    expect(states()).toEqual([TASK_RUNNING, TASK_RUNNING, TASK_RUNNING]);
    expect([isQueued(plain), exclusive.map(isQueued)]).toEqual([false, [true, true, true]]);
    for (const wait of exclusive) __remove_wait_queue(wait);
    for (let n = 0; n < 4; n++) FREE_WAIT();
  });
  it('unlinks the entry of a task that it woke, and leaves that of a task that was awake', () => {
    const [asleep, awake] = sleepers(DEFINE_WAIT, 2) as [wait_queue_t, wait_queue_t];
    for (const wait of [asleep, awake]) prepare_to_wait(q, wait, TASK_UNINTERRUPTIBLE);
    cpu_task(1).state = TASK_RUNNING;
    wake_up(q);
    expect([isQueued(asleep), isQueued(awake)]).toEqual([false, true]);
    for (const wait of [asleep, awake]) finish_wait(q, wait);
    expect(waitqueue_active(q)).toBe(false);
    for (let n = 0; n < 2; n++) FREE_WAIT();
  });
  it('is left without the lock once the waker has unlinked the entry', () => {
    const wait = DEFINE_WAIT();
    const { lock } = wait_queue_head_t.at(q);
    prepare_to_wait(q, wait, TASK_UNINTERRUPTIBLE);
    wake_up(q);
    const flags = spin_lock_irqsave(lock);
    finish_wait(q, wait);
    spin_unlock_irqrestore(lock, flags);
    FREE_WAIT();
    expect(kinds(machine)).toEqual([]);
  });
  it('refuses an interruptible wait while a signal is pending', () => {
    const wait = DEFINE_WAIT();
    send_signal(0);
    expect(prepare_to_wait_event(q, wait, TASK_UNINTERRUPTIBLE)).toBe(0);
    finish_wait(q, wait);
    expect(prepare_to_wait_event(q, wait, TASK_INTERRUPTIBLE)).toBe(-ERESTARTSYS);
    expect(waitqueue_active(q)).toBe(false);
    clear_signal();
    expect(prepare_to_wait_event(q, wait, TASK_INTERRUPTIBLE)).toBe(0);
    finish_wait(q, wait);
    FREE_WAIT();
  });
});

describe('schedule_timeout', () => {
  it('returns at once, with all of its time, when the task is runnable', () => {
    expect(schedule_timeout(1e12)).toBe(1e12);
  });
  it('returns 0 and a runnable task when the time is up', () => {
    set_current_state(TASK_UNINTERRUPTIBLE);
    expect(schedule_timeout(1000)).toBe(0);
    expect(task_state(0)).toBe(TASK_RUNNING);
  });
  it('does not sleep interruptibly on a signal that came first', () => {
    send_signal(0);
    set_current_state(TASK_INTERRUPTIBLE);
    schedule();
    expect([task_state(0), signal_pending(current)]).toEqual([TASK_RUNNING, true]);
    clear_signal();
  });
  it('sleeps through a signal if it is not interruptible', () => {
    send_signal(0);
    set_current_state(TASK_UNINTERRUPTIBLE);
    expect(schedule_timeout(1000)).toBe(0);
    clear_signal();
  });
});

describe('waking a task', () => {
  it('does something for a sleeper only, and for the kind of sleep that is meant', () => {
    expect(wake_up_process(current)).toBe(false);
    const other = cpu_task(1);
    other.state = TASK_UNINTERRUPTIBLE;
    send_signal(1);
    expect(task_state(1)).toBe(TASK_UNINTERRUPTIBLE);
    expect(wake_up_process(other)).toBe(true);
    expect(task_state(1)).toBe(TASK_RUNNING);
  });
});

describe('completion', () => {
  it('may be completed before anybody waits, several times', () => {
    const x = completion_onstack();
    complete(x);
    complete(x);
    expect(x.done).toBe(2);
    wait_for_completion(x);
    expect(x.done).toBe(1);
    wait_for_completion(x);
    expect([x.done, waitqueue_active(x.wait)]).toEqual([0, false]);
    free_completion_onstack();
    expect(current.stack_used).toBe(0);
  });
});

describe('stack objects', () => {
  it('are in reverse order, and dead when the function has returned', () => {
    const first = stack_alloc(10);
    const second = stack_alloc(100);
    expect([first % 64, second - first]).toEqual([0, 64]);
    stack_free(100);
    expect(oopsOf(machine, () => load32(second)).kind).toBe('kasan:use-after-return');
    expect(load32(first)).toBe(0);
    stack_free(10);
    expect(current.stack_used).toBe(0);
  });
  it('do not outgrow the stack', () => {
    expect(oopsOf(machine, () => stack_alloc(STACK_BYTES + 1)).title).toContain('stack overflow');
  });
});
