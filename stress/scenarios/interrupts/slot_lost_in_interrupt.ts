// SPDX-License-Identifier: GPL-2.0-only
/**
 * A device interrupts the thread that submits, and completes a request of the same ring on the same CPU. Slots come and
 * go through a small store of each CPU, and both sides change it: if the submitter has loaded the count and not yet
 * stored it, its store undoes what the interrupt has stored.
 *
 *   io_submit(), of a batch                     interrupt on the same CPU
 *   load this CPU's slots: 5
 *                                               aio_complete(): two events have been read, 5 + 2 = 7
 *   store 5 - 1 = 4                             two slots are lost
 *
 * Where the interrupt has put a batch back from the CPU's store to all, slots are made up instead.
 *
 * Run: npm run stress -- --scenario slot_lost_in_interrupt
 */
import { acceptable, forbidden, type Scenario, workload } from '../scenario.ts';
import { small } from '../small.ts';

export const slot_lost_in_interrupt: Scenario = {
  name: 'slot_lost_in_interrupt',
  description: 'threads that submit, interrupted by the device of their requests, and threads that read',
  fixedBy: ['protect_slots_from_interrupts'],
  native: true,
  roles: {
    submitter: { min: 1, weight: 4 },
    completer: { min: 1, weight: 2 },
    getter: { min: 1, weight: 2 },
    kworker: { min: 2, weight: 0 },
  },
  shows: ['slot:*'],
  books: true,
  draw: (prng) =>
    workload({
      contexts: prng.between(1, 2),
      nrEventsMax: 256,
      batch: prng.between(4, 32),
      interruptEvery: prng.pick([100, 300]),
    }),
  outcomes: {
    reaped: acceptable('an event was delivered once, intact'),
    'completed in interrupts': acceptable('a request was completed in an interrupt of a thread that submits'),
    'slot:leak': forbidden('slots of a ring were lost'),
    'slot:excess': forbidden('a ring has more slots than events fit in'),
  },
  goals: { reaped: 'required', 'completed in interrupts': 'required' },
};

export const slot_lost_in_interrupt_small = small(
  slot_lost_in_interrupt,
  'one thread submits two reads and waits for both, four times, interrupted by the device',
  { submitter: 1, completer: 1 },
  { programs: { submitter: 'submit_and_wait' }, contexts: 1, batch: 2, interruptEvery: 30, turns: 4 },
);
