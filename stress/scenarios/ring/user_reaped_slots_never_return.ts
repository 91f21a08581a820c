// SPDX-License-Identifier: GPL-2.0-only
/**
 * A program fills its ring, and reads the events from the mapped ring instead of by system call. Nobody tells the
 * kernel; one that gives slots back where io_getevents() reads events runs out of them, and says -EAGAIN for ever.
 *
 * Run: npm run stress -- --scenario user_reaped_slots_never_return
 */
import { acceptable, forbidden, type Scenario, workload } from '../scenario.ts';
import { small } from '../small.ts';

export const user_reaped_slots_never_return: Scenario = {
  name: 'user_reaped_slots_never_return',
  description: 'more requests than ring slots, read from the mapped ring',
  fixedBy: ['free_user_reaped_slots'],
  native: true,
  roles: { submitter: { min: 1, weight: 5 }, completer: { min: 1, weight: 3 }, kworker: { min: 2, weight: 0 } },
  shows: ['submit:spurious-eagain'],
  books: true,
  draw: (prng) =>
    workload({
      programs: { submitter: 'overcommit' },
      nrEventsMin: 1,
      nrEventsMax: prng.pick([8, 32, 100]),
      userReapedPercent: 100,
      batch: prng.between(8, 32),
      inlinePercent: prng.pick([50, 100]),
      delayMaxUs: prng.pick([0, 100]),
    }),
  outcomes: {
    reaped: acceptable('an event was delivered once, intact'),
    full: acceptable('io_submit() refused because the ring had no room'),
    'submit:spurious-eagain': forbidden('io_submit() refused although the ring had room'),
  },
  goals: { reaped: 'required', full: 'required' },
};

export const user_reaped_slots_never_return_small = small(
  user_reaped_slots_never_return,
  'one thread fills a ring, whose 126 slots are the least there can be, reads it without a system call, and goes on',
  { submitter: 1 },
  {
    programs: { submitter: 'overcommit' },
    nrEventsMin: 1,
    nrEventsMax: 1,
    userReapedPercent: 100,
    batch: 64,
    bufferBytes: 8,
    inlinePercent: 100,
    turns: 1,
  },
);
