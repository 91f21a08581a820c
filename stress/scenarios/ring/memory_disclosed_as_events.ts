// SPDX-License-Identifier: GPL-2.0-only
/**
 * User space stores a head that is no slot of its ring, and reads. A kernel that does not clamp it takes whatever lies
 * behind the context's array of pages for a page of the ring: it copies out memory of the kernel or of others, or
 * crashes.
 *
 * Run: npm run stress -- --scenario memory_disclosed_as_events
 */
import { acceptable, forbidden, type Scenario, workload } from '../scenario.ts';
import { small } from '../small.ts';

export const memory_disclosed_as_events: Scenario = {
  name: 'memory_disclosed_as_events',
  description: 'io_getevents() on rings whose heads are scribbled over',
  fixedBy: ['clamp_ring_indexes'],
  native: true,
  roles: { getter: { min: 1, weight: 6 }, kworker: { min: 2, weight: 1 } },
  shows: ['event:foreign', 'kasan:*', 'oops:*'],
  books: true,
  draw: (prng) => {
    // From nine pages on, their array is not in the context, and that of another ring may be near.
    const nrEventsMin = prng.pick([1, 900, 900]);
    return workload({
      programs: { getter: 'scribble_head' },
      nrEventsMin,
      nrEventsMax: nrEventsMin + 100,
      batch: prng.between(1, 16),
      inlinePercent: 100,
    });
  },
  outcomes: {
    scribbled: acceptable('a head was overwritten'),
    reaped: acceptable('a slot of the ring was read, whatever it held'),
    'event:foreign': forbidden('memory was copied out that is no page of the ring'),
    'kasan:out-of-bounds': forbidden('the array of pages was indexed past its end'),
    'oops:bad-address': forbidden('what was taken for a page is none'),
  },
  goals: { scribbled: 'required', reaped: 'required' },
};

export const memory_disclosed_as_events_small = small(
  memory_disclosed_as_events,
  'one thread scribbles over the heads of two rings of sixteen pages and reads',
  { getter: 1 },
  { programs: { getter: 'scribble_head' }, nrEventsMin: 1000, nrEventsMax: 1000, batch: 1, bufferBytes: 8, turns: 1 },
);
