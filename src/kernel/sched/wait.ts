// SPDX-License-Identifier: GPL-2.0-only
/**
 * Wait queues: tasks that wait for a condition which only they know.
 *
 *   CPU 1 (waiter)                            CPU 2 (waker)
 *   prepare_to_wait(): enqueue, set state     make the condition true
 *     (full barrier)                          full barrier
 *   test the condition                        waitqueue_active()? wake_up()
 *   schedule()
 *
 * waitqueue_active() takes no lock. Without the waker's barrier its test could come before the condition is
 * true, and the waiter, which tested in between, would sleep forever.
 *
 * The waiter owns its entry, on its stack. A waker unlinks it under q.lock before it wakes the task, and does not
 * touch it afterwards.
 *
 * Locks: L = wait_queue_head.lock.
 * @linux kernel/sched/wait.c v3.17
 */
import { atomic_read } from '../../arch/sab/atomic.ts';
import type { Addr } from '../../arch/sab/memory.ts';
import { container_of, embed, struct, u32, type View } from '../../arch/sab/struct.ts';
import { INIT_LIST_HEAD, list_add, list_del_init, list_empty, list_head, list_next } from '../../lib/list.ts';
import { ERESTARTSYS } from '../../uapi/errno.ts';
import type { LockClass } from '../locking/classes.ts';
import { spin_lock_init, spin_lock_irqsave, spin_unlock_irqrestore, spinlock_t } from '../locking/spinlock.ts';
import {
  __set_current_state,
  current,
  set_current_state,
  signal_pending,
  stack_alloc,
  stack_free,
  TASK_INTERRUPTIBLE,
  TASK_NORMAL,
  TASK_RUNNING,
  try_to_wake_up,
} from './core.ts';

export const wait_queue_head_t = struct('wait_queue_head_t', {
  lock: embed(spinlock_t),
  /** L: wait_queue_t.task_list of the waiters */
  task_list: embed(list_head),
});
export type wait_queue_head_t = View<typeof wait_queue_head_t>;
const TASK_LIST = wait_queue_head_t.offsetof.task_list;

export const wait_queue_t = struct('wait_queue_t', {
  /** I: address of the waiting task */
  task: u32,
  /** L */
  task_list: embed(list_head),
});
export type wait_queue_t = View<typeof wait_queue_t>;

type Queue = Addr<wait_queue_head_t>;

export function init_waitqueue_head(q: Queue, name: LockClass = 'wait.lock'): void {
  const head = wait_queue_head_t.at(q);
  spin_lock_init(head.lock, name);
  INIT_LIST_HEAD(head.task_list);
}

/** An entry for this task, on its stack. Give it back by FREE_WAIT(). @linux DEFINE_WAIT() */
export function DEFINE_WAIT(): wait_queue_t {
  const wait = wait_queue_t.at(stack_alloc(wait_queue_t.sizeof));
  wait.task = current.addr;
  INIT_LIST_HEAD(wait.task_list);
  return wait;
}
export function FREE_WAIT(): void {
  stack_free(wait_queue_t.sizeof);
}

/** Whether anybody waits. No lock: see the drawing above for the barrier that a caller owes. */
export const waitqueue_active = (q: Queue): boolean => {
  const list = q + TASK_LIST;
  return atomic_read(list as Addr<number>) !== list;
};

/** Enqueues the entry unless it is, and says how this task is going to sleep. A full barrier. */
export function prepare_to_wait(q: Queue, wait: wait_queue_t, state: number): void {
  const head = wait_queue_head_t.at(q);
  const flags = spin_lock_irqsave(head.lock);
  if (list_empty(wait.task_list)) list_add(wait.task_list, head.task_list);
  set_current_state(state);
  spin_unlock_irqrestore(head.lock, flags);
}

/** As prepare_to_wait(), unless a signal is pending. @returns 0 or -ERESTARTSYS */
export function prepare_to_wait_event(q: Queue, wait: wait_queue_t, state: number): number {
  if (state === TASK_INTERRUPTIBLE && signal_pending(current)) return -ERESTARTSYS;
  prepare_to_wait(q, wait, state);
  return 0;
}

/** Ends a wait. Afterwards nobody uses the entry. */
export function finish_wait(q: Queue, wait: wait_queue_t): void {
  const head = wait_queue_head_t.at(q);
  __set_current_state(TASK_RUNNING);
  // Always under the lock: a waker that unlinked the entry may still be inside.
  const flags = spin_lock_irqsave(head.lock);
  if (!list_empty(wait.task_list)) list_del_init(wait.task_list);
  spin_unlock_irqrestore(head.lock, flags);
}

/** Wakes up to `nr` waiters, unlinking each. @locks q.lock held */
export function wake_up_locked(q: Queue, nr: number): void {
  const head = wait_queue_head_t.at(q);
  for (let woken = 0; woken < nr && !list_empty(head.task_list); woken++) {
    const wait = container_of(list_next(head.task_list), wait_queue_t, 'task_list');
    const task = wait.task;
    list_del_init(wait.task_list);
    try_to_wake_up(task, TASK_NORMAL);
  }
}

/** Wakes every waiter. @context any; does not sleep @locks takes q.lock */
export function wake_up(q: Queue): void {
  const head = wait_queue_head_t.at(q);
  const flags = spin_lock_irqsave(head.lock);
  wake_up_locked(q, Number.POSITIVE_INFINITY);
  spin_unlock_irqrestore(head.lock, flags);
}
export const wake_up_all: (q: Queue) => void = wake_up;
