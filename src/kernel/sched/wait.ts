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
 * The waiter owns its entry, on its stack. A waker wakes the task and then unlinks the entry, under q.lock. The waiter
 * therefore takes q.lock before it leaves, unless it sees that the entry is unlinked: then the waker is done with it.
 *
 * Locks: L = wait_queue_head.lock.
 * @linux kernel/sched/wait.c v3.17
 */
import { fn, fnOf, fnptr } from '../../arch/sab/functable.ts';
import type { Addr } from '../../arch/sab/memory.ts';
import { container_of, embed, struct, u32, type View } from '../../arch/sab/struct.ts';
import {
  INIT_LIST_HEAD,
  list_add,
  list_add_tail,
  list_del,
  list_del_init,
  list_empty,
  list_empty_careful,
  list_head,
  list_next,
} from '../../lib/list.ts';
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

/** Wakes the entry's task. @returns whether it slept @locks wait_queue_head.lock held */
type WaitFunc = (wait: number) => boolean;

export const wait_queue_t = struct('wait_queue_t', {
  /** L: WQ_FLAG_EXCLUSIVE, or 0 */
  flags: u32,
  /** I: address of the waiting task */
  task: u32,
  /** I: what a waker calls */
  func: fnptr<WaitFunc>(),
  /** L */
  task_list: embed(list_head),
});
export type wait_queue_t = View<typeof wait_queue_t>;

type Queue = Addr<wait_queue_head_t>;

/** A wake-up for a number of waiters counts this one. */
const WQ_FLAG_EXCLUSIVE = 1;

export function init_waitqueue_head(q: Queue, name: LockClass): void {
  const head = wait_queue_head_t.at(q);
  spin_lock_init(head.lock, name);
  INIT_LIST_HEAD(head.task_list);
}

const default_wake_fn = fn('default_wake_function', function default_wake_function(wait: number): boolean {
  return try_to_wake_up(wait_queue_t.at(wait).task, TASK_NORMAL);
});

const autoremove_wake_fn = fn('autoremove_wake_function', function autoremove_wake_function(wait: number): boolean {
  const entry = wait_queue_t.at(wait);
  const woken = try_to_wake_up(entry.task, TASK_NORMAL);
  if (woken) list_del_init(entry.task_list);
  return woken;
});

function init_wait(func: typeof default_wake_fn): wait_queue_t {
  const wait = wait_queue_t.at(stack_alloc(wait_queue_t.sizeof));
  wait.flags = 0;
  wait.task = current.addr;
  wait.func = func;
  INIT_LIST_HEAD(wait.task_list);
  return wait;
}

/** An entry for this task, on its stack, which a waker unlinks. Give it back by FREE_WAIT(). @linux DEFINE_WAIT() */
export const DEFINE_WAIT = (): wait_queue_t => init_wait(autoremove_wake_fn);

/** An entry that stays in its queue until this task takes it out. @linux DECLARE_WAITQUEUE() */
export const DECLARE_WAITQUEUE = (): wait_queue_t => init_wait(default_wake_fn);

export function FREE_WAIT(): void {
  stack_free(wait_queue_t.sizeof);
}

/** @locks q.lock held */
export function __add_wait_queue_tail_exclusive(q: Queue, wait: wait_queue_t): void {
  wait.flags |= WQ_FLAG_EXCLUSIVE;
  list_add_tail(wait.task_list, wait_queue_head_t.at(q).task_list);
}

/** @locks the lock of its queue held */
export function __remove_wait_queue(wait: wait_queue_t): void {
  list_del(wait.task_list);
}

/** Whether anybody waits. No lock: see the drawing above for the barrier that a caller owes. */
export const waitqueue_active = (q: Queue): boolean => !list_empty((q + TASK_LIST) as Addr<list_head>);

/** Enqueues the entry unless it is, and says how this task is going to sleep. A full barrier. */
export function prepare_to_wait(q: Queue, wait: wait_queue_t, state: number): void {
  const head = wait_queue_head_t.at(q);
  wait.flags &= ~WQ_FLAG_EXCLUSIVE;
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
  __set_current_state(TASK_RUNNING);
  if (list_empty_careful(wait.task_list)) return;
  const head = wait_queue_head_t.at(q);
  const flags = spin_lock_irqsave(head.lock);
  list_del_init(wait.task_list);
  spin_unlock_irqrestore(head.lock, flags);
}

/** Wakes the waiters, of the exclusive ones `nr` at most; 0 for all. @locks q.lock held @linux __wake_up_common() */
export function wake_up_locked(q: Queue, nr: number): void {
  const list = wait_queue_head_t.at(q).task_list;
  let exclusive = nr;
  for (let entry = list_next(list), next = entry; entry !== list; entry = next) {
    next = list_next(entry);
    const wait = container_of(entry, wait_queue_t, 'task_list');
    const flags = wait.flags;
    if (fnOf(wait.func)(wait.addr) && (flags & WQ_FLAG_EXCLUSIVE) !== 0 && --exclusive === 0) break;
  }
}

/** Wakes the waiters, of the exclusive ones one. @context any; does not sleep @locks takes q.lock */
export function wake_up(q: Queue): void {
  const head = wait_queue_head_t.at(q);
  const flags = spin_lock_irqsave(head.lock);
  wake_up_locked(q, 1);
  spin_unlock_irqrestore(head.lock, flags);
}

/** Wakes all waiters. @context any; does not sleep @locks takes q.lock */
export function wake_up_all(q: Queue): void {
  const head = wait_queue_head_t.at(q);
  const flags = spin_lock_irqsave(head.lock);
  wake_up_locked(q, 0);
  spin_unlock_irqrestore(head.lock, flags);
}
