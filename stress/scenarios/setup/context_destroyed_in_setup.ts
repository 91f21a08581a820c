// SPDX-License-Identifier: GPL-2.0-only
/**
 * io_setup() cannot store the handle, and so destroys the context that it has just made; it sleeps before, since the
 * store faults and the mappings are being changed. Another thread guesses the handle meanwhile, and destroys the
 * context, too.
 *
 * Run: npm run stress -- --scenario context_destroyed_in_setup
 */
import { acceptable, forbidden, type Scenario, workload } from '../scenario.ts';
import { small } from '../small.ts';

export const context_destroyed_in_setup: Scenario = {
  name: 'context_destroyed_in_setup',
  description: 'io_setup() whose handle cannot be stored, and io_destroy() of guessed handles',
  fixedBy: ['hold_new_context'],
  native: true,
  roles: { submitter: { min: 1, weight: 1 }, destroyer: { min: 1, weight: 1 }, kworker: { min: 2, weight: 0 } },
  shows: ['kasan:*', 'oops:*', 'warn', 'refcount:*'],
  books: true,
  draw: () =>
    workload({
      programs: { submitter: 'setup_untold', destroyer: 'guess' },
      nrEventsMin: 1,
      // Faults of those who guess in vain would keep mmap_sem from those who make contexts.
      pauseUs: { destroyer: 100 },
    }),
  outcomes: {
    'setup -EFAULT': acceptable('io_setup() could not store the handle'),
    destroyed: acceptable('io_destroy() returned 0 for a handle that was guessed'),
    'destroy refused': acceptable('no context had the handle that was guessed'),
    'kasan:use-after-free': forbidden('io_setup() used a context that was freed'),
  },
  goals: { 'setup -EFAULT': 'required', destroyed: 'wanted' },
};

export const context_destroyed_in_setup_small = small(
  context_destroyed_in_setup,
  'one thread makes contexts whose handles cannot be stored, two guess them',
  { submitter: 1, destroyer: 2 },
  { programs: { submitter: 'setup_untold', destroyer: 'guess' }, nrEventsMin: 1, turns: 3 },
);
