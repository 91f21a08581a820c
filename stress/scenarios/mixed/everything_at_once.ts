// SPDX-License-Identifier: GPL-2.0-only
/**
 * All roles, all system calls: contexts that come and go under submitters, readers in the kernel and in user space,
 * cancellers, and a page migrator, sometimes with memory that runs out. Nothing may be lost, doubled, leaked or used
 * after it is freed.
 *
 * Run: npm run stress -- --scenario everything_at_once
 */
import { acceptable, forbidden, interesting, type Scenario, workload } from '../scenario.ts';

export const everything_at_once: Scenario = {
  name: 'everything_at_once',
  description: 'all roles and all system calls on shared contexts that come and go',
  fixedBy: [],
  native: true,
  roles: {
    submitter: { min: 1, weight: 4 },
    completer: { min: 1, weight: 2 },
    reaper: { min: 1, weight: 1 },
    getter: { min: 1, weight: 2 },
    migrator: { min: 1, weight: 0 },
    destroyer: { min: 1, weight: 1 },
    canceller: { min: 1, weight: 0 },
    kworker: { min: 2, weight: 0 },
  },
  shows: ['*'],
  books: true,
  draw: (prng) =>
    workload({
      contexts: prng.between(2, 6),
      nrEventsMin: 1,
      nrEventsMax: prng.pick([16, 100, 600]),
      userReapedPercent: prng.pick([0, 100]),
      batch: prng.between(1, 24),
      bufferBytes: prng.pick([64, 128]),
      inlinePercent: prng.pick([10, 40]),
      pendingPercent: prng.pick([2, 10]),
      delayMaxUs: prng.pick([0, 200, 2000]),
      pauseUs: {
        submitter: prng.pick([0, 100]),
        getter: prng.pick([0, 100]),
        migrator: prng.pick([0, 300]),
        destroyer: prng.pick([500, 20000]),
        canceller: 500,
      },
      pendingEnds: prng.oneIn(2),
      allocFailsOneIn: prng.pick([0, 0, 20, 200]),
      interruptEvery: prng.pick([0, 200, 2000]),
    }),
  outcomes: {
    reaped: acceptable('an event was delivered once, intact'),
    destroyed: acceptable('io_destroy() returned 0'),
    'destroyed with requests in flight': acceptable('io_destroy() was called with requests in flight, and waited'),
    'woken by destroy': interesting('io_getevents() was woken because its context was destroyed'),
    cancelled: acceptable('io_cancel() cancelled a request'),
    'pages migrated': acceptable('a ring page was moved'),
    'event:lost': forbidden('an event never came'),
    'event:duplicate': forbidden('an event was delivered twice'),
    'event:corrupt': forbidden('an event does not say what happened'),
  },
  goals: {
    reaped: 'required',
    destroyed: 'required',
    'pages migrated': 'wanted',
    cancelled: 'wanted',
    'woken by destroy': 'wanted',
  },
};
