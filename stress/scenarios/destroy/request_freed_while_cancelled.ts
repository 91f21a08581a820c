// SPDX-License-Identifier: GPL-2.0-only
/**
 * io_destroy() cancels requests that are about to complete by themselves. Whoever completes one must wait until it has
 * been cancelled before the request goes.
 *
 * Run: npm run stress -- --scenario request_freed_while_cancelled
 */
import { acceptable, forbidden, type Scenario, workload } from '../scenario.ts';
import { small } from '../small.ts';

export const request_freed_while_cancelled: Scenario = {
  name: 'request_freed_while_cancelled',
  description: 'io_destroy() with requests in flight that can be cancelled, and also complete by themselves',
  fixedBy: ['cancel_before_unlink'],
  native: false, // once in some hundred destructions
  roles: { destroyer: { min: 1, weight: 5 }, completer: { min: 1, weight: 4 }, kworker: { min: 2, weight: 0 } },
  shows: ['kasan:*', 'oops:*'],
  books: true,
  draw: (prng) =>
    workload({
      programs: { destroyer: 'destroy_and_free' },
      nrEventsMin: 64,
      nrEventsMax: 128,
      batch: prng.between(16, 100),
      pendingPercent: 100,
      pendingEnds: true,
      delayMaxUs: prng.pick([500, 5000, 20_000, 60_000]),
    }),
  outcomes: {
    destroyed: acceptable('io_destroy() returned 0'),
    'destroyed with requests in flight': acceptable('io_destroy() was called with requests in flight, and waited'),
    'destroy:requests-in-flight': forbidden('io_destroy() returned 0 with requests in flight'),
    'kasan:use-after-free': forbidden('a request was freed while it was being cancelled'),
  },
  goals: { 'destroyed with requests in flight': 'required' },
};

export const request_freed_while_cancelled_small = small(
  request_freed_while_cancelled,
  'one thread reads and destroys, which cancels the read; a device completes it meanwhile',
  { destroyer: 1, completer: 1 },
  {
    programs: { destroyer: 'destroy_and_free' },
    batch: 16,
    pendingPercent: 100,
    pendingEnds: true,
    delayMinUs: 0,
    delayMaxUs: 20,
    turns: 1,
  },
);
