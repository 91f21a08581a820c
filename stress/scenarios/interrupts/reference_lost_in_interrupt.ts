// SPDX-License-Identifier: GPL-2.0-only
/**
 * A device interrupts the thread that submits, and completes a request on the same CPU. The submitter counts a request
 * where the interrupt takes one off, in the same counter: if the submitter has loaded it and not yet stored it, the
 * request that is over stays counted, and io_destroy() waits for it for ever.
 *
 *   io_submit(): percpu_ref_get(reqs)           interrupt on the same CPU
 *   load this CPU's count: 1
 *                                               aio_complete(): percpu_ref_put(reqs), 1 - 1 = 0
 *   store 1 + 1 = 2                             one request is counted that is over
 *
 * On x86 the increment is one instruction and no interrupt comes in between; Linux saw it on a machine where it is
 * three, as it is here.
 *
 * Run: npm run stress -- --scenario reference_lost_in_interrupt
 */
import { acceptable, forbidden, type Scenario, workload } from '../scenario.ts';
import { small } from '../small.ts';

export const reference_lost_in_interrupt: Scenario = {
  name: 'reference_lost_in_interrupt',
  description: 'threads that submit and destroy, interrupted by the device of their requests',
  fixedBy: ['count_references_in_one_step'],
  native: true,
  roles: { destroyer: { min: 1, weight: 5 }, completer: { min: 1, weight: 2 }, kworker: { min: 2, weight: 1 } },
  shows: ['hang'],
  books: true,
  draw: (prng) =>
    workload({
      programs: { destroyer: 'destroy_and_free' },
      nrEventsMin: 8,
      nrEventsMax: 64,
      batch: prng.between(8, 24),
      interruptEvery: prng.pick([100, 300]),
    }),
  outcomes: {
    destroyed: acceptable('io_destroy() returned 0'),
    'completed in interrupts': acceptable('a request was completed in an interrupt of a thread that submits'),
    hang: forbidden('io_destroy() waits for a request that is over'),
  },
  goals: { destroyed: 'required', 'completed in interrupts': 'required' },
};

export const reference_lost_in_interrupt_small = small(
  reference_lost_in_interrupt,
  'one thread reads and destroys three times, interrupted by the device',
  { destroyer: 1, completer: 1 },
  { programs: { destroyer: 'destroy_and_free' }, batch: 8, interruptEvery: 20, turns: 3 },
);
