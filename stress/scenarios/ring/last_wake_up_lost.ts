// SPDX-License-Identifier: GPL-2.0-only
/**
 * A completion stores the tail, and then looks whether somebody waits. Until the store has left the store buffer, who
 * comes to wait sees the old tail, and goes to sleep for ever unless another completion wakes it:
 *
 *   CPU 1 (aio_complete)                    CPU 2 (read_events)
 *   tail = 1, into the store buffer
 *   who waits? nobody
 *                                           enqueue itself; tail is 0
 *                                           schedule()
 *   unlock: the tail is seen
 *
 * Each thread waits for its own request, without a timeout, and so for the last wake-up that there is.
 *
 * Run: npm run stress -- --scenario last_wake_up_lost_small --engine det --memory tso
 */
import { acceptable, forbidden, type Scenario, workload } from '../scenario.ts';
import { small } from '../small.ts';

export const last_wake_up_lost: Scenario = {
  name: 'last_wake_up_lost',
  description: 'io_getevents() without a timeout, for a request that a device completes meanwhile',
  fixedBy: ['wake_after_tail'],
  native: false,
  roles: {
    submitter: { min: 1, weight: 3 },
    completer: { min: 1, weight: 3 },
    kworker: { min: 2, weight: 0 },
  },
  shows: ['wakeup:lost'],
  books: true,
  draw: (prng) =>
    workload({
      programs: { submitter: 'submit_and_wait' },
      contexts: prng.between(1, 8),
      batch: 1,
      delayMaxUs: prng.pick([0, 5, 20]),
    }),
  outcomes: {
    reaped: acceptable('an event was delivered once, intact'),
    'wakeup:lost': forbidden('io_getevents() slept on although its event was there'),
  },
  goals: { reaped: 'required' },
};

export const last_wake_up_lost_small = small(
  last_wake_up_lost,
  'one thread submits and waits, a device completes',
  { submitter: 1, completer: 1 },
  {
    programs: { submitter: 'submit_and_wait' },
    contexts: 1,
    batch: 1,
    // As long as it takes the thread to come to wait.
    delayMinUs: 1,
    delayMaxUs: 3,
    turns: 16,
  },
);
