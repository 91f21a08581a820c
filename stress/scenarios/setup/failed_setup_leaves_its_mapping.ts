// SPDX-License-Identifier: GPL-2.0-only
/**
 * io_setup() tests the quota twice: before it makes the ring, and when it takes its share. A call that passes the first
 * test and fails the second has mapped its ring by then, and must unmap it.
 *
 * There is quota for one context, and several threads ask for it.
 *
 * Run: npm run stress -- --scenario failed_setup_leaves_its_mapping
 */
import { QUOTA_FOR_ONE } from '../../../workers/protocol.ts';
import { acceptable, forbidden, type Scenario, workload } from '../scenario.ts';
import { small } from '../small.ts';

export const failed_setup_leaves_its_mapping: Scenario = {
  name: 'failed_setup_leaves_its_mapping',
  description: 'io_setup() and io_destroy() in a loop, with quota for one context for all threads',
  fixedBy: ['unmap_failed_ring'],
  native: true,
  roles: { destroyer: { min: 2, weight: 6 }, completer: { min: 1, weight: 1 }, kworker: { min: 2, weight: 1 } },
  shows: ['leak:mapping'],
  books: true,
  draw: (prng) =>
    workload({
      programs: { destroyer: 'destroy_and_free' },
      aioMaxNr: QUOTA_FOR_ONE,
      batch: prng.between(1, 4),
      delayMaxUs: prng.pick([0, 200]),
    }),
  outcomes: {
    setup: acceptable('io_setup() made a context'),
    'setup failed': acceptable('io_setup() said -EAGAIN: the quota is used up'),
    destroyed: acceptable('io_destroy() returned 0'),
    'leak:mapping': forbidden('a ring is mapped that belongs to no context'),
  },
  goals: { setup: 'required', 'setup failed': 'required' },
};

export const failed_setup_leaves_its_mapping_small = small(
  failed_setup_leaves_its_mapping,
  'two threads make and destroy a context twice, with quota for one',
  { destroyer: 2, completer: 1 },
  { programs: { destroyer: 'destroy_and_free' }, aioMaxNr: QUOTA_FOR_ONE, batch: 1, turns: 2 },
);
