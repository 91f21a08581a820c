// SPDX-License-Identifier: GPL-2.0-only
/**
 * User space submits reads, calls io_destroy(), and frees the buffers. If io_destroy() does not wait, the device
 * writes memory that belongs to somebody else by then.
 *
 * Run: npm run stress -- --scenario buffer_written_after_destroy
 */
import { acceptable, forbidden, type Scenario, workload } from '../scenario.ts';
import { small } from '../small.ts';

export const buffer_written_after_destroy: Scenario = {
  name: 'buffer_written_after_destroy',
  description: 'io_destroy() with reads in flight, and the buffers freed when it returns',
  fixedBy: ['wait_for_requests'],
  native: true,
  roles: { destroyer: { min: 1, weight: 5 }, completer: { min: 1, weight: 3 }, kworker: { min: 2, weight: 1 } },
  shows: ['buffer:written-after-destroy', 'destroy:requests-in-flight'],
  books: true,
  draw: (prng) =>
    workload({
      programs: { destroyer: 'destroy_and_free' },
      nrEventsMin: 8,
      nrEventsMax: 64,
      batch: prng.between(1, 24),
      bufferBytes: prng.pick([64, 256]),
      delayMinUs: prng.pick([0, 100, 1000]),
      delayMaxUs: prng.pick([1000, 5000, 20000]),
    }),
  outcomes: {
    destroyed: acceptable('io_destroy() returned 0'),
    'destroyed with requests in flight': acceptable('io_destroy() was called with requests in flight, and waited'),
    'buffer:written-after-destroy': forbidden('a buffer was written after io_destroy() had returned'),
    'destroy:requests-in-flight': forbidden('io_destroy() returned 0 with requests in flight'),
  },
  goals: { 'destroyed with requests in flight': 'required' },
};

export const buffer_written_after_destroy_small = small(
  buffer_written_after_destroy,
  'one thread reads and destroys, a device completes',
  { destroyer: 1, completer: 1 },
  { programs: { destroyer: 'destroy_and_free' }, batch: 1, delayMinUs: 5, delayMaxUs: 5, turns: 1 },
);
