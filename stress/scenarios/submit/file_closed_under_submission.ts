// SPDX-License-Identifier: GPL-2.0-only
/**
 * A thread closes the file that another one submits to. The request then has the last reference, and drops it when it
 * completes: maybe before the file's own method, which has queued it, has returned.
 *
 * Run: npm run stress -- --scenario file_closed_under_submission
 */
import { acceptable, forbidden, interesting, type Scenario, workload } from '../scenario.ts';
import { small } from '../small.ts';

export const file_closed_under_submission: Scenario = {
  name: 'file_closed_under_submission',
  description: 'io_submit() to files that are opened and closed meanwhile',
  fixedBy: ['hold_file_reference'],
  native: true,
  roles: {
    submitter: { min: 1, weight: 4 },
    destroyer: { min: 1, weight: 2 },
    completer: { min: 1, weight: 3 },
    kworker: { min: 2, weight: 0 },
  },
  shows: ['kasan:use-after-free'],
  books: true,
  draw: (prng) =>
    workload({
      programs: { submitter: 'submit_to_closing', destroyer: 'open_and_close' },
      contexts: 4,
      batch: prng.between(1, 4),
      pendingEnds: true,
      interruptEvery: prng.pick([0, 100, 300]),
    }),
  outcomes: {
    reaped: acceptable('an event was delivered once, intact'),
    closed: acceptable('a file was closed'),
    'submit -EBADF': interesting('the file was closed when io_submit() looked for it'),
    'kasan:use-after-free': forbidden('io_submit() used what belonged to a file that was released'),
  },
  goals: { reaped: 'required', closed: 'required' },
};

export const file_closed_under_submission_small = small(
  file_closed_under_submission,
  'one thread opens and closes a file, one submits to it, a device completes',
  { submitter: 1, destroyer: 1, completer: 1 },
  {
    programs: { submitter: 'submit_to_closing', destroyer: 'open_and_close' },
    contexts: 1,
    batch: 1,
    pendingEnds: true,
    turns: 4,
  },
);
