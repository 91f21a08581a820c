// SPDX-License-Identifier: GPL-2.0-only
/**
 * io_destroy() has returned, user space owns nothing, and io_setup() says -EAGAIN: the quota of the destroyed context
 * comes back only when a kworker frees it. On the same build io_destroy() waits out a grace period on the caller's
 * time.
 *
 * Each destroyer makes and destroys one context at a time, and aio_max_nr has room for just one each.
 *
 * Run: npm run stress -- --scenario destroyed_context_keeps_quota
 */
import { QUOTA_FOR_DESTROYERS } from '../../workers/protocol.ts';
import { acceptable, forbidden, type Scenario, workload } from './scenario.ts';

export const destroyed_context_keeps_quota: Scenario = {
  name: 'destroyed_context_keeps_quota',
  description: 'io_setup() and io_destroy() in a loop, with quota for one context for each thread',
  fixedBy: ['async_destroy'],
  native: true,
  roles: { destroyer: { min: 1, weight: 6 }, completer: { min: 1, weight: 1 }, kworker: { min: 2, weight: 1 } },
  shows: ['quota:*', 'destroy:grace-period-in-syscall', 'leak:mapping'],
  books: true,
  draw: (prng) =>
    workload({
      programs: { destroyer: 'quota' },
      aioMaxNr: QUOTA_FOR_DESTROYERS,
      batch: prng.between(0, 4),
      delayMaxUs: prng.pick([0, 200, 2000]),
    }),
  outcomes: {
    setup: acceptable('io_setup() made a context'),
    destroyed: acceptable('io_destroy() returned 0'),
    'quota:spurious-eagain': forbidden('io_setup() said -EAGAIN with nothing in use'),
    'destroy:grace-period-in-syscall': forbidden('io_destroy() waited out a grace period itself'),
  },
  goals: { setup: 'required', destroyed: 'required' },
};
