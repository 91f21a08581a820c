// SPDX-License-Identifier: GPL-2.0-only
/**
 * A program submits more requests than its ring has slots and reads lazily, by system call or from the ring. A kernel
 * that gives a slot back when a request completes, not when its event has been read, lets them all in, and the ring
 * overflows: events are overwritten, or the ring looks empty. Dan Aloni's case.
 *
 * Run: npm run stress -- --scenario unread_events_overwritten
 */
import { acceptable, forbidden, type Scenario, workload } from '../scenario.ts';
import { small } from '../small.ts';

export const unread_events_overwritten: Scenario = {
  name: 'unread_events_overwritten',
  description: 'more requests than ring slots, read lazily',
  fixedBy: ['track_ring_occupancy'],
  native: true,
  roles: { submitter: { min: 1, weight: 5 }, completer: { min: 1, weight: 3 }, kworker: { min: 2, weight: 0 } },
  shows: ['event:*', 'slot:*', 'hang'],
  books: true,
  draw: (prng) =>
    workload({
      programs: { submitter: 'overcommit' },
      nrEventsMin: 1,
      nrEventsMax: prng.pick([8, 32, 100]),
      userReapedPercent: prng.pick([0, 50, 100]),
      batch: prng.between(1, 32),
      inlinePercent: prng.pick([0, 50, 100]),
      delayMaxUs: prng.pick([0, 100]),
    }),
  outcomes: {
    reaped: acceptable('an event was delivered once, intact'),
    full: acceptable('io_submit() refused because the ring had no room'),
    'event:lost': forbidden('a request was done and its event never came'),
    'event:duplicate': forbidden('an event was delivered twice'),
    'event:corrupt': forbidden('an event was overwritten while it was read'),
    'slot:excess': forbidden('more requests were let in than the ring has slots'),
  },
  goals: { reaped: 'required', full: 'required' },
};

export const unread_events_overwritten_small = small(
  unread_events_overwritten,
  'one thread fills a ring, whose 126 slots are the least there can be, and then reads it',
  { submitter: 1 },
  {
    programs: { submitter: 'overcommit' },
    nrEventsMin: 1,
    nrEventsMax: 1,
    batch: 64,
    bufferBytes: 8,
    inlinePercent: 100,
    turns: 1,
  },
);
