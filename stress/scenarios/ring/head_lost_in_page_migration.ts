// SPDX-License-Identifier: GPL-2.0-only
/**
 * A page of the ring is moved while io_getevents() stores the head: the store goes to the old page, and the events that
 * it covered are delivered again; or events are copied out of a page that has been freed.
 *
 * Run: npm run stress -- --scenario head_lost_in_page_migration
 */
import { acceptable, forbidden, type Scenario, workload } from '../scenario.ts';
import { small } from '../small.ts';

export const head_lost_in_page_migration: Scenario = {
  name: 'head_lost_in_page_migration',
  description: 'io_getevents() on rings whose pages are being migrated',
  fixedBy: ['serialise_migration'],
  native: true,
  roles: {
    submitter: { min: 1, weight: 3 },
    completer: { min: 1, weight: 2 },
    getter: { min: 1, weight: 4 },
    migrator: { min: 1, weight: 2 },
    kworker: { min: 2, weight: 0 },
  },
  shows: [
    'event:*',
    'kasan:*',
    'refcount:*',
    'context:dead-handle',
    'oops:*',
    'bug',
    'warn',
    'slot:*',
    'hang',
    'leak:*',
  ],
  books: true,
  draw: (prng) =>
    workload({
      // Few, so that readers and migrator meet.
      contexts: prng.pick([1, 1, 2]),
      nrEventsMin: 16,
      nrEventsMax: prng.pick([32, 250]),
      batch: prng.between(1, 16),
      inlinePercent: prng.pick([0, 30, 60]),
      delayMaxUs: prng.pick([0, 50, 300]),
      pauseUs: { submitter: prng.pick([0, 0, 200]) },
    }),
  outcomes: {
    reaped: acceptable('an event was delivered once, intact'),
    'pages migrated': acceptable('a ring page was moved'),
    'migration refused': acceptable('a ring page was in use and not moved'),
    'event:duplicate': forbidden('an event was delivered twice'),
    'event:corrupt': forbidden('an event was read from a page that was gone'),
    'event:lost': forbidden('an event never came'),
    'kasan:use-after-free': forbidden('a freed ring page was used'),
  },
  goals: { reaped: 'required', 'pages migrated': 'required' },
};

export const head_lost_in_page_migration_small = small(
  head_lost_in_page_migration,
  'one thread submits and waits for the event, a device completes, one thread moves the page of the ring',
  { submitter: 1, completer: 1, migrator: 1 },
  {
    programs: { submitter: 'submit_and_wait', migrator: 'rings_only' },
    contexts: 1,
    batch: 1,
    delayMinUs: 1,
    delayMaxUs: 5,
    // So that each move may meet another request.
    pauseUs: { migrator: 10 },
    turns: 4,
  },
);
