// SPDX-License-Identifier: GPL-2.0-only
/**
 * Pages of rings are moved while the rings are made and freed. Who moves a page must not drop a reference that is the
 * ring's, nor give a page to a ring that has another one by now: else a page is freed that somebody uses.
 *
 * Run: npm run stress -- --scenario ring_page_freed_in_migration
 */
import { acceptable, forbidden, type Scenario, workload } from '../scenario.ts';
import { small } from '../small.ts';

export const ring_page_freed_in_migration: Scenario = {
  name: 'ring_page_freed_in_migration',
  description: 'io_setup() and io_destroy() in a loop, while all pages of rings are being migrated',
  fixedBy: ['hold_ring_pages'],
  native: true,
  roles: {
    destroyer: { min: 1, weight: 5 },
    completer: { min: 1, weight: 1 },
    migrator: { min: 1, weight: 3 },
    kworker: { min: 2, weight: 1 },
  },
  shows: [
    'refcount:page',
    'kasan:*',
    'oops:*',
    'context:dead-handle',
    'event:*',
    'slot:*',
    'bug',
    'warn',
    'hang',
    'leak:*',
  ],
  books: true,
  draw: (prng) =>
    workload({
      programs: { destroyer: 'destroy_and_free', migrator: 'sweep' },
      // Large rings, which take long to make; and quota for all of them.
      nrEventsMin: 250,
      nrEventsMax: prng.pick([1000, 4000]),
      aioMaxNr: 1 << 20,
      batch: prng.between(1, 4),
    }),
  outcomes: {
    destroyed: acceptable('io_destroy() returned 0'),
    'pages migrated': acceptable('a ring page was moved'),
    'migration refused': acceptable('a ring page was in use and not moved'),
    'refcount:page': forbidden('a reference to a ring page was dropped twice'),
    'kasan:use-after-free': forbidden('a freed ring page was used'),
  },
  goals: { destroyed: 'required', 'pages migrated': 'required' },
};

export const ring_page_freed_in_migration_small = small(
  ring_page_freed_in_migration,
  'one thread makes and destroys a context, one moves what pages it finds',
  { destroyer: 1, migrator: 1 },
  {
    programs: { destroyer: 'quota', migrator: 'sweep' },
    nrEventsMin: 500,
    nrEventsMax: 500,
    batch: 0,
    pauseUs: { migrator: 100 },
    turns: 3,
  },
);
