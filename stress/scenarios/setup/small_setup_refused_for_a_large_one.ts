// SPDX-License-Identifier: GPL-2.0-only
/**
 * Some threads ask for contexts that are too large, which must be refused; others make and destroy small ones, for
 * which there is always room. A kernel that charges first and tests later has them see each other's charge.
 *
 * Run: npm run stress -- --scenario small_setup_refused_for_a_large_one
 */
import { QUOTA_FOR_EACH } from '../../../workers/protocol.ts';
import { acceptable, forbidden, type Scenario, workload } from '../scenario.ts';
import { small } from '../small.ts';

export const small_setup_refused_for_a_large_one: Scenario = {
  name: 'small_setup_refused_for_a_large_one',
  description: 'io_setup() within the quota, beside one that asks for too much',
  fixedBy: ['test_before_charging'],
  native: false, // the wrong charge stands for a few instructions
  roles: { destroyer: { min: 1, weight: 6 }, submitter: { min: 1, weight: 3 }, kworker: { min: 2, weight: 1 } },
  shows: ['quota:spurious-eagain'],
  books: true,
  draw: (prng) =>
    workload({
      programs: { destroyer: 'quota', submitter: 'overdraw' },
      aioMaxNr: QUOTA_FOR_EACH,
      batch: 0,
      // Each refusal leaves a mapping on v3.17.
      pauseUs: { submitter: prng.pick([0, 200]) },
    }),
  outcomes: {
    setup: acceptable('io_setup() made a context'),
    'setup failed': acceptable('io_setup() refused a context that is too large'),
    'quota:spurious-eagain': forbidden('io_setup() said -EAGAIN although there was room'),
    'quota:excess': forbidden('io_setup() let in more than aio_max_nr'),
  },
  goals: { setup: 'required', 'setup failed': 'required' },
};

export const small_setup_refused_for_a_large_one_small = {
  ...small(
    small_setup_refused_for_a_large_one,
    'one thread makes a context, one asks for another that is too large',
    { destroyer: 1, submitter: 1 },
    { programs: { destroyer: 'quota', submitter: 'overdraw' }, aioMaxNr: QUOTA_FOR_EACH, batch: 0, turns: 2 },
  ),
  native: true, // a schedule is short enough
};
