// SPDX-License-Identifier: GPL-2.0-only
/**
 * io_destroy() waits until every CPU has passed through a quiescent state, on the caller's time: one that reads under
 * RCU for long holds up a thread that has nothing to do with it.
 *
 * What user space sees of it is io_destroy()'s time, on both builds side by side (`contrast`): v3.17 promises no time,
 * and waits out two grace periods itself before the requests can be known to be done. The finding is a white box, the
 * kernel's own count of synchronize_rcu(), so that a schedule can be searched for, replayed and cut down.
 *
 * Each destroyer makes and destroys one context at a time, and aio_max_nr has room for just one each: quota is back
 * when io_destroy() returns.
 *
 * Run: npm run stress -- --scenario destroy_waits_for_grace_period
 */
import { QUOTA_FOR_EACH } from '../../../workers/protocol.ts';
import { acceptable, forbidden, type Scenario, workload } from '../scenario.ts';
import { small } from '../small.ts';

export const destroy_waits_for_grace_period: Scenario = {
  name: 'destroy_waits_for_grace_period',
  description: 'io_setup() and io_destroy() in a loop, with quota for one context for each thread',
  fixedBy: ['async_destroy'],
  native: true,
  roles: { destroyer: { min: 1, weight: 6 }, completer: { min: 1, weight: 1 }, kworker: { min: 2, weight: 1 } },
  shows: ['white-box:grace-period-in-syscall'],
  books: true,
  draw: (prng) =>
    workload({
      programs: { destroyer: 'quota' },
      aioMaxNr: QUOTA_FOR_EACH,
      batch: prng.between(0, 4),
      delayMaxUs: prng.pick([0, 200, 2000]),
    }),
  outcomes: {
    setup: acceptable('io_setup() made a context'),
    destroyed: acceptable('io_destroy() returned 0'),
    'quota:spurious-eagain': forbidden('io_setup() said -EAGAIN with nothing in use'),
    'white-box:grace-period-in-syscall': forbidden('io_destroy() called synchronize_rcu(), by the kernel’s own count'),
  },
  contrast: 'io_destroy',
  goals: { setup: 'required', destroyed: 'required' },
};

export const destroy_waits_for_grace_period_small = small(
  destroy_waits_for_grace_period,
  'one thread makes and destroys a context twice, with quota for one',
  { destroyer: 1, completer: 1 },
  { programs: { destroyer: 'quota' }, aioMaxNr: QUOTA_FOR_EACH, batch: 0, turns: 2 },
);
