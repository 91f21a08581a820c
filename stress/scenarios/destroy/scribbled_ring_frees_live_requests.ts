// SPDX-License-Identifier: GPL-2.0-only
/**
 * User space scribbles a distance into head and tail of its ring while slow requests are in flight, and destroys the
 * context. A kernel that counts slots by the ring believes that all requests are back, and frees the context under
 * them.
 *
 * Run: npm run stress -- --scenario scribbled_ring_frees_live_requests
 */
import { acceptable, forbidden, type Scenario, workload } from '../scenario.ts';
import { small } from '../small.ts';

export const scribbled_ring_frees_live_requests: Scenario = {
  name: 'scribbled_ring_frees_live_requests',
  description: 'io_destroy() of a context with slow requests and a scribbled ring',
  fixedBy: ['refcount_requests'],
  native: true,
  roles: { destroyer: { min: 1, weight: 5 }, completer: { min: 1, weight: 2 }, kworker: { min: 2, weight: 2 } },
  shows: [
    'destroy:requests-in-flight',
    'kasan:*',
    'oops:*',
    'warn',
    'hang',
    'bug',
    'leak:*',
    'slot:*',
    'refcount:*',
    'quota:imbalance',
  ],
  books: true,
  draw: (prng) =>
    workload({
      programs: { destroyer: 'scribble' },
      nrEventsMin: 16,
      nrEventsMax: 128,
      batch: prng.between(4, 48),
      delayMinUs: prng.pick([200, 2000, 8000]),
      delayMaxUs: prng.pick([8000, 20000]),
    }),
  outcomes: {
    destroyed: acceptable('io_destroy() returned 0'),
    scribbled: acceptable('head and tail were overwritten'),
    'destroyed with requests in flight': acceptable('io_destroy() was called with requests in flight, and waited'),
    'destroy:requests-in-flight': forbidden('io_destroy() returned 0 with requests in flight'),
    'kasan:use-after-free': forbidden('a freed context or ring page was used'),
    warn: forbidden('the kernel counted more slots than there are'),
  },
  goals: { 'destroyed with requests in flight': 'required', scribbled: 'required' },
};

export const scribbled_ring_frees_live_requests_small = small(
  scribbled_ring_frees_live_requests,
  'one thread reads, scribbles and destroys, a device completes',
  { destroyer: 1, completer: 1 },
  { programs: { destroyer: 'scribble' }, batch: 2, delayMinUs: 200, delayMaxUs: 200, turns: 1 },
);
