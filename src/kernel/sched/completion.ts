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
import { __set_current_state, might_sleep, schedule, stack_alloc, stack_free, TASK_UNINTERRUPTIBLE } from './core.ts';
import {
  __add_wait_queue_tail_exclusive,
  __remove_wait_queue,
  DECLARE_WAITQUEUE,
  FREE_WAIT,
  init_waitqueue_head,
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
  init_waitqueue_head(x.wait, 'completion.wait');
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

/**
 * Waits for one signal, whatever comes. Test, enqueueing and taking the signal are one section under the lock: waiters
 * may be many, and whoever is woken may find that another has taken the signal.
 * @context may sleep @locks takes x.wait.lock
 */
export function wait_for_completion(x: completion): void {
  might_sleep();
  const lock = lockOf(x);
  spin_lock_irq(lock);
  if (x.done === 0) {
    const wait = DECLARE_WAITQUEUE();
    __add_wait_queue_tail_exclusive(x.wait, wait);
    do {
      __set_current_state(TASK_UNINTERRUPTIBLE);
      spin_unlock_irq(lock);
      schedule();
      spin_lock_irq(lock);
    } while (x.done === 0);
    __remove_wait_queue(wait);
    FREE_WAIT();
  }
  x.done -= 1;
  spin_unlock_irq(lock);
}
