// SPDX-License-Identifier: GPL-2.0-only
/**
 * Every thread submits to one context and reads from it, so that all of them meet at its locks. What differs from one
 * machine to the next is how many they are: this is what a sweep over the number of threads runs. Nothing is drawn, so
 * that each round asks the same, and requests complete inside io_submit(), so that no other role is needed.
 *
 * Run: npm run stress -- --scenario one_ring_for_all_threads --perturb none
 */
import { acceptable, forbidden, interesting, type Scenario, workload } from '../scenario.ts';

export const one_ring_for_all_threads: Scenario = {
  name: 'one_ring_for_all_threads',
  description: 'every thread submits to one context and reads from it',
  fixedBy: [],
  native: true,
  onlyByName: true,
  roles: { submitter: { min: 1, weight: 1 }, kworker: { min: 2, weight: 0 } },
  shows: [],
  books: true,
  draw: () =>
    workload({
      programs: { submitter: 'submit_and_reap' },
      contexts: 1,
      // More than io_setup() makes of it for the sake of the CPUs: the ring has the same size at each width.
      nrEventsMin: 1024,
      nrEventsMax: 1024,
      batch: 8,
      inlinePercent: 100,
    }),
  outcomes: {
    reaped: acceptable('an event was delivered once, intact'),
    'submit -EAGAIN': interesting('io_submit() found no free slot'),
    'event:lost': forbidden('an event never came'),
    'event:duplicate': forbidden('an event was delivered twice'),
    'event:corrupt': forbidden('an event does not say what happened'),
  },
  goals: { reaped: 'required' },
};
