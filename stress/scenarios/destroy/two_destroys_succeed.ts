// SPDX-License-Identifier: GPL-2.0-only
/**
 * Several threads destroy one context at the same time. One call wins, and waits for the requests; the others lose, and
 * must say so. If they return 0 their callers free buffers that a device still writes.
 *
 * Run: npm run stress -- --scenario two_destroys_succeed
 */
import { acceptable, forbidden, type Scenario, workload } from '../scenario.ts';
import { small } from '../small.ts';

export const two_destroys_succeed: Scenario = {
  name: 'two_destroys_succeed',
  description: 'io_destroy() of one context by many threads at once, with reads in flight',
  fixedBy: ['refuse_second_destroy'],
  native: true,
  roles: { destroyer: { min: 2, weight: 6 }, completer: { min: 1, weight: 2 }, kworker: { min: 2, weight: 1 } },
  shows: ['destroy:wrong-answer', 'destroy:requests-in-flight'],
  books: true,
  draw: (prng) =>
    workload({
      programs: { destroyer: 'destroy_together' },
      contexts: 1,
      batch: prng.between(1, 8),
      delayMinUs: prng.pick([0, 50]),
      delayMaxUs: prng.pick([50, 500]),
      pauseUs: { destroyer: prng.pick([0, 10, 100]) },
    }),
  outcomes: {
    destroyed: acceptable('io_destroy() returned 0'),
    'destroy refused': acceptable('io_destroy() said -EINVAL: another call was first'),
    'destroyed with requests in flight': acceptable('io_destroy() was called with requests in flight, and waited'),
    'destroy:wrong-answer': forbidden('io_destroy() returned 0 to two threads'),
    'destroy:requests-in-flight': forbidden('io_destroy() returned 0 with requests in flight'),
  },
  goals: { 'destroyed with requests in flight': 'required', 'destroy refused': 'required' },
};

export const two_destroys_succeed_small = small(
  two_destroys_succeed,
  'two threads make and destroy a context with one read in flight, a device completes',
  { destroyer: 2, completer: 1 },
  { programs: { destroyer: 'destroy_together' }, contexts: 1, batch: 1, delayMinUs: 1500, delayMaxUs: 1500, turns: 3 },
);
