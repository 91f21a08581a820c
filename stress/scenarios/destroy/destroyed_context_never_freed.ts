// SPDX-License-Identifier: GPL-2.0-only
/**
 * The count of a context's requests drops to zero when it has been killed and the last request is done. If it is one
 * short, it passes zero too early where there is no request: the context is never freed, and io_destroy() sleeps for
 * ever. Where there are requests, it is zero before the last of them is done.
 *
 * Run: npm run stress -- --scenario destroyed_context_never_freed
 */
import { acceptable, forbidden, type Scenario, workload } from '../scenario.ts';
import { small } from '../small.ts';

export const destroyed_context_never_freed: Scenario = {
  name: 'destroyed_context_never_freed',
  description: 'io_destroy() of contexts with and without requests in flight',
  fixedBy: ['hold_reqs_for_users'],
  native: true,
  roles: { destroyer: { min: 1, weight: 5 }, completer: { min: 1, weight: 2 }, kworker: { min: 2, weight: 1 } },
  shows: [
    'refcount:underflow',
    'hang',
    'leak:memory',
    'destroy:requests-in-flight',
    'buffer:*',
    'kasan:*',
    'slot:leak',
  ],
  books: true,
  draw: (prng) =>
    workload({
      programs: { destroyer: 'destroy_and_free' },
      nrEventsMin: 8,
      nrEventsMax: 64,
      batch: prng.between(1, 4),
      delayMaxUs: prng.pick([0, 20, 200]),
    }),
  outcomes: {
    destroyed: acceptable('io_destroy() returned 0'),
    'refcount:underflow': forbidden('the count of requests was zero before it was killed'),
    hang: forbidden('io_destroy() never returned'),
    'destroy:requests-in-flight': forbidden('io_destroy() returned 0 with requests in flight'),
    'kasan:use-after-free': forbidden('a context was freed before its last request was done'),
  },
  goals: { destroyed: 'required' },
};

export const destroyed_context_never_freed_small = small(
  destroyed_context_never_freed,
  'one thread makes and destroys a context that never has a request',
  { destroyer: 1 },
  { programs: { destroyer: 'quota' }, batch: 0, turns: 1 },
);
