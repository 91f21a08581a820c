// SPDX-License-Identifier: GPL-2.0-only
/** All scenarios, in the order in which a run takes them. */
import { buffer_written_after_destroy } from './buffer_written_after_destroy.ts';
import { destroy_waits_for_grace_period } from './destroy_waits_for_grace_period.ts';
import { event_read_before_it_is_written } from './event_read_before_it_is_written.ts';
import { everything_at_once } from './everything_at_once.ts';
import { exit_leaves_requests_in_flight } from './exit_leaves_requests_in_flight.ts';
import { head_lost_in_page_migration } from './head_lost_in_page_migration.ts';
import { hostile_user } from './hostile_user.ts';
import { one_ring_for_all_threads } from './one_ring_for_all_threads.ts';
import { reference_lost_in_interrupt } from './reference_lost_in_interrupt.ts';
import { isShown, type KnownScenario, minThreads, type Scenario } from './scenario.ts';
import { scribbled_ring_frees_live_requests } from './scribbled_ring_frees_live_requests.ts';
import { slot_lost_in_interrupt } from './slot_lost_in_interrupt.ts';
import { SMALL_SCENARIOS } from './small.ts';
import { unread_events_overwritten } from './unread_events_overwritten.ts';

export const SCENARIOS: readonly Scenario[] = [
  head_lost_in_page_migration,
  unread_events_overwritten,
  buffer_written_after_destroy,
  scribbled_ring_frees_live_requests,
  destroy_waits_for_grace_period,
  exit_leaves_requests_in_flight,
  event_read_before_it_is_written,
  slot_lost_in_interrupt,
  reference_lost_in_interrupt,
  everything_at_once,
  hostile_user,
  one_ring_for_all_threads,
  ...SMALL_SCENARIOS,
];

/** As the command line knows them. */
export const KNOWN: readonly KnownScenario[] = SCENARIOS.map((scenario) => ({
  name: scenario.name,
  minThreads: minThreads(scenario),
  onlyByName: scenario.onlyByName === true,
  fixedBy: scenario.fixedBy,
}));

/** Whether a build without these fixes may show a finding of that kind, in whatever scenario. */
export const mayShow = (reverted: readonly string[], kind: string): boolean =>
  SCENARIOS.some((scenario) => scenario.fixedBy.some((slug) => reverted.includes(slug)) && isShown(scenario, kind));
