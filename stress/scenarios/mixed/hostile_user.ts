// SPDX-License-Identifier: GPL-2.0-only
/**
 * Random system calls with odd arguments on live, dead and wild handles, and a ring that is written all over, as
 * trinity does; now and then memory runs out. What user space does to its own events is its own affair; the kernel
 * must keep its books and its memory.
 *
 * Run: npm run stress -- --scenario hostile_user
 */
import { acceptable, type Scenario, workload } from '../scenario.ts';

export const hostile_user: Scenario = {
  name: 'hostile_user',
  description: 'random system calls with odd arguments, and scribbled rings',
  fixedBy: [],
  native: true,
  roles: {
    submitter: { min: 1, weight: 5 },
    completer: { min: 1, weight: 2 },
    migrator: { min: 1, weight: 0 },
    destroyer: { min: 1, weight: 2 },
    kworker: { min: 2, weight: 0 },
  },
  shows: ['*'],
  books: false,
  draw: (prng) =>
    workload({
      programs: { submitter: 'hostile', destroyer: 'hostile' },
      bufferBytes: 128,
      delayMaxUs: prng.pick([0, 200, 3000]),
      aioMaxNr: prng.pick([0, 4096]),
      allocFailsOneIn: prng.pick([0, 0, 20, 200]),
    }),
  outcomes: {
    submitted: acceptable('a request was let in'),
    scribbled: acceptable('a word of a ring was overwritten'),
    reaped: acceptable('an event was read, whatever it said'),
  },
  goals: { submitted: 'required', scribbled: 'required' },
};
