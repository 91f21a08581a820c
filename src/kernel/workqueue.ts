// SPDX-License-Identifier: GPL-2.0-only
/**
 * The system workqueue: functions to be called later in a context that may sleep.
 *
 * Locks: L = workqueue.lock.
 * NOT LINUX: a fixed number of kworkers; one that sleeps is not replaced.
 * @linux kernel/workqueue.c v3.17
 */
import { smp_mb, xchg } from '../arch/sab/atomic.ts';
import { bss } from '../arch/sab/bss.ts';
import { isAborted, noteProgress } from '../arch/sab/control.ts';
import { smp_processor_id } from '../arch/sab/cpu.ts';
import { type Fn, fn, fnOf, fnptr } from '../arch/sab/functable.ts';
import type { Addr } from '../arch/sab/memory.ts';
import { container_of, embed, struct, u32, type View } from '../arch/sab/struct.ts';
import { INIT_LIST_HEAD, list_add_tail, list_del_init, list_empty, list_head, list_next } from '../lib/list.ts';
import { TP } from '../trace/events.ts';
import { trace } from '../trace/flight_recorder.ts';
import {
  spin_lock_init,
  spin_lock_irq,
  spin_lock_irqsave,
  spin_unlock_irq,
  spin_unlock_irqrestore,
  spinlock_t,
} from './locking/spinlock.ts';
import { complete, completion, init_completion, wait_for_completion } from './sched/completion.ts';
import { schedule, stack_alloc, stack_free, TASK_INTERRUPTIBLE, TASK_UNINTERRUPTIBLE } from './sched/core.ts';
import {
  DEFINE_WAIT,
  FREE_WAIT,
  finish_wait,
  init_waitqueue_head,
  prepare_to_wait,
  wait_queue_head_t,
  waitqueue_active,
  wake_up,
} from './sched/wait.ts';

export type WorkFunc = (work: Addr<work_struct>) => void;
export const work_struct = struct('work_struct', {
  /** L */
  entry: embed(list_head),
  /** I: id of the function */
  func: fnptr<WorkFunc>(),
  /** A: it is queued and has not begun */
  pending: u32,
});
export type work_struct = View<typeof work_struct>;

const wq_data = struct('workqueue_struct', {
  lock: embed(spinlock_t),
  /** L: work that has not begun, oldest first */
  worklist: embed(list_head),
  /** L: work that is being done */
  running: u32,
  /** kworkers wait here */
  more: embed(wait_queue_head_t),
  /** flush_workqueue() waits here */
  idle: embed(wait_queue_head_t),
});
const system_wq = bss('system_wq', wq_data);

export function workqueue_init(): void {
  const wq = system_wq.it;
  spin_lock_init(wq.lock, 'workqueue.lock');
  INIT_LIST_HEAD(wq.worklist);
  init_waitqueue_head(wq.more, 'workqueue.more');
  init_waitqueue_head(wq.idle, 'workqueue.idle');
}

export function INIT_WORK(work: Addr<work_struct>, func: Fn<WorkFunc>): void {
  const w = work_struct.at(work);
  INIT_LIST_HEAD(w.entry);
  w.func = func;
  w.pending = 0;
}

/**
 * Has the work done by a kworker. Its memory must stay until the function begins, which may free it.
 * @returns false if it is queued already
 * @context any; does not sleep
 */
export function schedule_work(work: Addr<work_struct>): boolean {
  const w = work_struct.at(work);
  if (xchg(w.$pending, 1) !== 0) return false;
  const wq = system_wq.it;
  const flags = spin_lock_irqsave(wq.lock);
  list_add_tail(w.entry, wq.worklist);
  spin_unlock_irqrestore(wq.lock, flags);
  // Pairs with prepare_to_wait() in worker_thread().
  smp_mb();
  if (waitqueue_active(wq.more)) wake_up(wq.more);
  return true;
}

/** Takes the oldest work that has not begun, null if there is none. Ends in process_one_work(). @locks takes wq.lock */
function take_work(): work_struct | null {
  const wq = system_wq.it;
  spin_lock_irq(wq.lock);
  const work = list_empty(wq.worklist) ? null : container_of(list_next(wq.worklist), work_struct, 'entry');
  if (work !== null) {
    list_del_init(work.entry);
    wq.running += 1;
  }
  spin_unlock_irq(wq.lock);
  return work;
}

/** @context may sleep */
function process_one_work(work: work_struct): void {
  const wq = system_wq.it;
  const func = work.func;
  // Before the function: it may queue the work again, or free it.
  xchg(work.$pending, 0);
  trace(TP.work, work.addr);
  fnOf(func)(work.addr as Addr<work_struct>);
  spin_lock_irq(wq.lock);
  wq.running -= 1;
  const idle = wq.running === 0;
  spin_unlock_irq(wq.lock);
  if (idle) wake_up(wq.idle);
  noteProgress(smp_processor_id());
}

/** A kworker: does work until `done()`, and none is left. @context kernel thread */
export function worker_thread(done: () => boolean): void {
  const wq = system_wq.it;
  const wait = DEFINE_WAIT();
  for (;;) {
    prepare_to_wait(wq.more, wait, TASK_INTERRUPTIBLE);
    const work = take_work();
    if (work === null) {
      if (done() || isAborted()) break;
      schedule();
      continue;
    }
    finish_wait(wq.more, wait);
    process_one_work(work);
  }
  finish_wait(wq.more, wait);
  FREE_WAIT();
}

/** Does the oldest work that waits, where no kworker does. @returns whether there was any @context the idle hook */
export function workqueue_run_pending(): boolean {
  const work = take_work();
  if (work === null) return false;
  process_one_work(work);
  return true;
}

const barrier_work = struct('wq_barrier', { work: embed(work_struct), done: embed(completion) });
const wq_barrier_func = fn('wq_barrier_func', function wq_barrier_func(work: Addr<work_struct>) {
  complete(completion.at(container_of(work, barrier_work, 'work').done));
});

/** Waits until all work that was queued before the call has begun, and none is being done. @context may sleep */
export function flush_workqueue(): void {
  const barrier = barrier_work.at(stack_alloc(barrier_work.sizeof));
  const done = completion.at(barrier.done);
  init_completion(done);
  INIT_WORK(barrier.work, wq_barrier_func);
  schedule_work(barrier.work);
  wait_for_completion(done);
  stack_free(barrier_work.sizeof);
  const wq = system_wq.it;
  const wait = DEFINE_WAIT();
  for (;;) {
    // A caller with a signal would look again and again, and never sleep.
    prepare_to_wait(wq.idle, wait, TASK_UNINTERRUPTIBLE);
    spin_lock_irq(wq.lock);
    const idle = wq.running === 0;
    spin_unlock_irq(wq.lock);
    if (idle) break;
    schedule();
  }
  finish_wait(wq.idle, wait);
  FREE_WAIT();
}

/** Wakes the kworkers so that they ask whether they are done. Any thread. */
export function workqueue_kick(): void {
  wake_up(system_wq.it.more);
}
