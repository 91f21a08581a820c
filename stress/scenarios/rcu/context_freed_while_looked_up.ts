// SPDX-License-Identifier: GPL-2.0-only
/**
 * A system call finds its context in the process's table and is preempted before it has a reference. Meanwhile another
 * thread destroys the context. What io_destroy() waits for is a grace period of RCU-sched, to which a preempted reader
 * is none, so the context is freed under the first thread; or it is not yet freed, and has a reference again that
 * nobody expects.
 *
 *   io_getevents(): lookup_ioctx()              io_destroy(), then callbacks and a kworker
 *   rcu_read_lock(); ctx = table[id]
 *     preempted                                 table[id] = NULL; users is killed
 *       ┄                                       a grace period of RCU-sched: nobody uses it
 *       ┄                                       another one: it has no requests; free it
 *   ctx->user_id, percpu_ref_get(ctx->users)
 *
 * A classic RCU preempts no reader, and shows nothing.
 *
 * Run: npm run stress -- --scenario context_freed_while_looked_up
 */
import { acceptable, forbidden, type Scenario, workload } from '../scenario.ts';
import { small } from '../small.ts';

export const context_freed_while_looked_up: Scenario = {
  name: 'context_freed_while_looked_up',
  description: 'system calls on contexts that are being destroyed, with readers that are preempted',
  fixedBy: ['free_contexts_after_readers', 'refuse_dying_contexts'],
  native: false,
  rcu: 'preempt',
  roles: {
    submitter: { min: 1, weight: 4 },
    completer: { min: 1, weight: 0 },
    destroyer: { min: 1, weight: 3 },
    kworker: { min: 2, weight: 0 },
  },
  shows: ['kasan:*', 'oops:*', 'warn', 'refcount:*', 'hang', 'leak:*', 'bug'],
  books: true,
  draw: (prng) =>
    workload({
      programs: { submitter: 'submit_and_reap' },
      contexts: prng.between(1, 3),
      batch: prng.between(1, 4),
      interruptEvery: prng.pick([20, 100]),
    }),
  outcomes: {
    destroyed: acceptable('io_destroy() returned 0'),
    'kasan:use-after-free': forbidden('a context was used after it had been freed'),
  },
  goals: { destroyed: 'required' },
};

export const context_freed_while_looked_up_small = small(
  context_freed_while_looked_up,
  'one thread submits and reads, one destroys the context',
  { submitter: 1, completer: 1, destroyer: 1 },
  { programs: { submitter: 'submit_and_reap' }, contexts: 1, batch: 1, interruptEvery: 8, turns: 6 },
);
