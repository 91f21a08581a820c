// SPDX-License-Identifier: GPL-2.0-only
/**
 * Completions: "wait until somebody says it is done".
 *
 * A completion is a counter and a wait queue under one lock. complete() may run before the waiter arrives;
 * a bare wake-up would then be lost, a count is not.
 *
 * The waiter owns the memory, usually on its stack. complete() must not touch `x` after it has dropped
 * x.wait.lock, because the waiter may already have returned.
 *
 *   CPU 1 (complete)                 CPU 2 (wait_for_completion)
 *   lock; done += 1                  lock; done == 0: enqueue, unlock, sleep
 *   wake one; unlock ────────────▶   lock; done -= 1; unlock; return; x is gone
 *
 * Locks: L = x.wait.lock.
 * @linux kernel/sched/completion.c v3.17
 */

import { embed, struct, u32, type View } from '../../arch/sab/struct.ts';
import { spin_lock_irq, spin_lock_irqsave, spin_unlock_irq, spin_unlock_irqrestore } from '../locking/spinlock.ts';
import { might_sleep, schedule, stack_alloc, stack_free, TASK_UNINTERRUPTIBLE } from './core.ts';
import {
  DEFINE_WAIT,
  FREE_WAIT,
  finish_wait,
  init_waitqueue_head,
  prepare_to_wait,
  wait_queue_head_t,
  wake_up_locked,
} from './wait.ts';

export const completion = struct('completion', {
  /** L: signals not yet consumed, count */
  done: u32,
  wait: embed(wait_queue_head_t),
});
export type completion = View<typeof completion>;

export function init_completion(x: completion): void {
  x.done = 0;
  init_waitqueue_head(x.wait);
}

/** A completion on this task's stack; free_completion_onstack() when it has been waited for. */
export function completion_onstack(): completion {
  const x = completion.at(stack_alloc(completion.sizeof));
  init_completion(x);
  return x;
}
export function free_completion_onstack(): void {
  stack_free(completion.sizeof);
}

/** The lock of a completion's wait queue. */
const lockOf = (x: completion) => wait_queue_head_t.at(x.wait).lock;

/** Signals one waiter. @context any; does not sleep @locks takes x.wait.lock */
export function complete(x: completion): void {
  const lock = lockOf(x);
  const flags = spin_lock_irqsave(lock);
  x.done += 1;
  wake_up_locked(x.wait, 1);
  spin_unlock_irqrestore(lock, flags);
  // x may be gone.
}

/** Waits for one signal, whatever comes. @context may sleep @locks takes x.wait.lock */
export function wait_for_completion(x: completion): void {
  might_sleep();
  const wait = DEFINE_WAIT();
  const lock = lockOf(x);
  for (;;) {
    prepare_to_wait(x.wait, wait, TASK_UNINTERRUPTIBLE);
    if (completion_done(x)) break;
    schedule();
  }
  finish_wait(x.wait, wait);
  spin_lock_irq(lock);
  x.done -= 1;
  spin_unlock_irq(lock);
  FREE_WAIT();
}

function completion_done(x: completion): boolean {
  const lock = lockOf(x);
  // Under the lock: complete() may still be inside it, and x must outlive that.
  const flags = spin_lock_irqsave(lock);
  const done = x.done !== 0;
  spin_unlock_irqrestore(lock, flags);
  return done;
}
