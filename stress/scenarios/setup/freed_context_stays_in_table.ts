// SPDX-License-Identifier: GPL-2.0-only
/**
 * Processes make contexts with quota for one of all, and exit. An io_setup() that enters its context into the table of
 * the process before it is sure of the quota frees it, and whoever goes through the table finds freed memory.
 *
 * Run: npm run stress -- --scenario freed_context_stays_in_table
 */
import { QUOTA_FOR_ONE } from '../../../workers/protocol.ts';
import { acceptable, forbidden, type Scenario, workload } from '../scenario.ts';
import { small } from '../small.ts';

export const freed_context_stays_in_table: Scenario = {
  name: 'freed_context_stays_in_table',
  description: 'processes that call io_setup() without quota for all of them, and exit',
  fixedBy: ['publish_last'],
  native: true,
  roles: { destroyer: { min: 1, weight: 6 }, completer: { min: 1, weight: 1 }, kworker: { min: 2, weight: 1 } },
  shows: ['kasan:*', 'oops:*', 'warn', 'hang', 'refcount:*', 'lockdep:*'],
  books: true,
  draw: (prng) =>
    workload({
      programs: { destroyer: 'process_exit' },
      aioMaxNr: QUOTA_FOR_ONE,
      batch: prng.between(1, 4),
      delayMaxUs: prng.pick([0, 200]),
    }),
  outcomes: {
    setup: acceptable('io_setup() made a context'),
    'setup failed': acceptable('io_setup() said -EAGAIN: the quota is used up'),
    'process exits': acceptable('a process exited'),
    'kasan:use-after-free': forbidden('a context was used that a failed io_setup() had freed'),
  },
  goals: { 'setup failed': 'required', 'process exits': 'required' },
};

export const freed_context_stays_in_table_small = small(
  freed_context_stays_in_table,
  'two processes make contexts with quota for one, and exit',
  { destroyer: 2, completer: 1 },
  { programs: { destroyer: 'process_exit' }, aioMaxNr: QUOTA_FOR_ONE, batch: 1, turns: 1 },
);
