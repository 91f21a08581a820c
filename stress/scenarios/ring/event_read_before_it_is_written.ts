// SPDX-License-Identifier: GPL-2.0-only
/**
 * io_getevents() reads events that lie behind the tail that it has loaded. Without a barrier between the two loads a
 * weakly ordered machine may read the event first, and get what stood there before; without one between event and tail
 * in aio_complete(), the tail may be seen first. x86 reorders neither: there the reverted builds show nothing, and the
 * run says so.
 *
 * Run: npm run stress -- --scenario event_read_before_it_is_written
 */
import { acceptable, forbidden, type Scenario, workload } from '../scenario.ts';
import { small } from '../small.ts';

export const event_read_before_it_is_written: Scenario = {
  name: 'event_read_before_it_is_written',
  description: 'io_getevents() right behind aio_complete()',
  fixedBy: ['read_barrier', 'write_barrier'],
  native: false,
  roles: {
    submitter: { min: 1, weight: 3 },
    completer: { min: 1, weight: 3 },
    getter: { min: 1, weight: 4 },
    kworker: { min: 2, weight: 0 },
  },
  shows: ['event:*'],
  books: true,
  draw: (prng) =>
    workload({
      contexts: prng.between(1, 2),
      nrEventsMin: 1,
      nrEventsMax: 32,
      batch: prng.between(1, 4),
      inlinePercent: prng.pick([0, 50, 100]),
    }),
  outcomes: {
    reaped: acceptable('an event was delivered once, intact'),
    'event:corrupt': forbidden('an event was read before it was written'),
    'event:duplicate': forbidden('an old event was read in place of a new one'),
    'event:phantom': forbidden('an empty slot was read in place of a new event'),
  },
  goals: { reaped: 'required' },
};

export const event_read_before_it_is_written_small = small(
  event_read_before_it_is_written,
  'one thread submits what completes at once, one reads',
  { submitter: 1, getter: 1 },
  { contexts: 1, batch: 1, inlinePercent: 100, turns: 4 },
);
