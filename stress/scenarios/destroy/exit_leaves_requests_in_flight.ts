// SPDX-License-Identifier: GPL-2.0-only
/**
 * A process submits reads and exits. When exit_aio() returns the address space goes, so nothing may be in flight.
 *
 * Run: npm run stress -- --scenario exit_leaves_requests_in_flight
 */
import { acceptable, forbidden, type Scenario, workload } from '../scenario.ts';
import { small } from '../small.ts';

export const exit_leaves_requests_in_flight: Scenario = {
  name: 'exit_leaves_requests_in_flight',
  description: 'processes that exit with reads in flight',
  fixedBy: ['exit_waits'],
  native: true,
  roles: { destroyer: { min: 1, weight: 4 }, completer: { min: 1, weight: 2 }, kworker: { min: 2, weight: 2 } },
  shows: ['exit:requests-in-flight', 'destroy:requests-in-flight', 'kasan:*', 'oops:*', 'warn'],
  books: true,
  draw: (prng) =>
    workload({
      programs: { destroyer: 'process_exit' },
      nrEventsMin: 8,
      nrEventsMax: 64,
      batch: prng.between(1, 16),
      delayMinUs: prng.pick([0, 500]),
      delayMaxUs: prng.pick([1000, 8000]),
    }),
  outcomes: {
    'process exits': acceptable('a process exited'),
    'exits with requests in flight': acceptable('a process exited with requests in flight, and waited for them'),
    'exit:requests-in-flight': forbidden('a process was gone while its requests were in flight'),
  },
  goals: { 'exits with requests in flight': 'required' },
};

export const exit_leaves_requests_in_flight_small = small(
  exit_leaves_requests_in_flight,
  'one process reads and exits, a device completes',
  { destroyer: 1, completer: 1 },
  {
    programs: { destroyer: 'process_exit' },
    nrEventsMin: 8,
    nrEventsMax: 8,
    batch: 1,
    delayMinUs: 5,
    delayMaxUs: 5,
    turns: 1,
  },
);
