// SPDX-License-Identifier: GPL-2.0-only
/**
 * Small forms of the scenarios, for schedules: two or three threads of user space with a turn or two each, so that a
 * schedule takes milliseconds, and what is left of one when it has been cut down fits on a page.
 */
import type { Role, Workload } from '../../workers/protocol.ts';
import { buffer_written_after_destroy } from './buffer_written_after_destroy.ts';
import { destroy_waits_for_grace_period } from './destroy_waits_for_grace_period.ts';
import { event_read_before_it_is_written } from './event_read_before_it_is_written.ts';
import { exit_leaves_requests_in_flight } from './exit_leaves_requests_in_flight.ts';
import { head_lost_in_page_migration } from './head_lost_in_page_migration.ts';
import { reference_lost_in_interrupt } from './reference_lost_in_interrupt.ts';
import { type Scenario, workload } from './scenario.ts';
import { scribbled_ring_frees_live_requests } from './scribbled_ring_frees_live_requests.ts';
import { slot_lost_in_interrupt } from './slot_lost_in_interrupt.ts';
import { unread_events_overwritten } from './unread_events_overwritten.ts';

/** Grace periods and deferred work need one each. */
const KWORKERS = 2;

function small(
  base: Scenario,
  description: string,
  threads: Partial<Record<Role, number>>,
  part: Partial<Workload>,
): Scenario {
  const counts = { ...threads, kworker: KWORKERS };
  return {
    ...base,
    name: `${base.name}_small`,
    description,
    onlyByName: true,
    roles: Object.fromEntries(
      Object.entries(counts).map(([role, n]) => [role, { min: n, weight: role === 'kworker' ? 1 : 0 }]),
    ),
    draw: () => workload(part),
    // What a handful of turns does not reach is no reproach.
    goals: Object.fromEntries(Object.keys(base.goals).map((name) => [name, 'wanted' as const])),
  };
}

export const SMALL_SCENARIOS: readonly Scenario[] = [
  small(
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
  ),
  small(
    unread_events_overwritten,
    'one thread fills a ring, whose 126 slots are the least there can be, and then reads it',
    { submitter: 1 },
    {
      programs: { submitter: 'overcommit' },
      nrEventsMin: 1,
      nrEventsMax: 1,
      batch: 64,
      bufferBytes: 8,
      inlinePercent: 100,
      turns: 1,
    },
  ),
  small(
    buffer_written_after_destroy,
    'one thread reads and destroys, a device completes',
    { destroyer: 1, completer: 1 },
    { programs: { destroyer: 'destroy_and_free' }, batch: 1, delayMinUs: 5, delayMaxUs: 5, turns: 1 },
  ),
  small(
    scribbled_ring_frees_live_requests,
    'one thread reads, scribbles and destroys, a device completes',
    { destroyer: 1, completer: 1 },
    { programs: { destroyer: 'scribble' }, batch: 2, delayMinUs: 200, delayMaxUs: 200, turns: 1 },
  ),
  small(
    destroy_waits_for_grace_period,
    'one thread makes and destroys a context twice, with quota for one',
    { destroyer: 1, completer: 1 },
    { programs: { destroyer: 'quota' }, aioMaxNr: -1, batch: 0, turns: 2 },
  ),
  small(
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
  ),
  small(
    event_read_before_it_is_written,
    'one thread submits what completes at once, one reads',
    { submitter: 1, getter: 1 },
    { contexts: 1, batch: 1, inlinePercent: 100, turns: 4 },
  ),
  small(
    slot_lost_in_interrupt,
    'one thread submits two reads and waits for both, four times, interrupted by the device',
    { submitter: 1, completer: 1 },
    { programs: { submitter: 'submit_and_wait' }, contexts: 1, batch: 2, interruptEvery: 30, turns: 4 },
  ),
  small(
    reference_lost_in_interrupt,
    'one thread reads and destroys three times, interrupted by the device',
    { destroyer: 1, completer: 1 },
    { programs: { destroyer: 'destroy_and_free' }, batch: 8, interruptEvery: 20, turns: 3 },
  ),
];
