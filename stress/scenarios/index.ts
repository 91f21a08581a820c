// SPDX-License-Identifier: GPL-2.0-only
/** All scenarios, in the order in which a run takes them. */
import { type Build, inV317, lacks } from '../../src/reverts/registry.ts';
import {
  buffer_written_after_destroy,
  buffer_written_after_destroy_small,
} from './destroy/buffer_written_after_destroy.ts';
import {
  destroy_waits_for_grace_period,
  destroy_waits_for_grace_period_small,
} from './destroy/destroy_waits_for_grace_period.ts';
import {
  destroyed_context_never_freed,
  destroyed_context_never_freed_small,
} from './destroy/destroyed_context_never_freed.ts';
import {
  exit_leaves_requests_in_flight,
  exit_leaves_requests_in_flight_small,
} from './destroy/exit_leaves_requests_in_flight.ts';
import {
  request_freed_while_cancelled,
  request_freed_while_cancelled_small,
} from './destroy/request_freed_while_cancelled.ts';
import {
  scribbled_ring_frees_live_requests,
  scribbled_ring_frees_live_requests_small,
} from './destroy/scribbled_ring_frees_live_requests.ts';
import { two_destroys_succeed, two_destroys_succeed_small } from './destroy/two_destroys_succeed.ts';
import {
  reference_lost_in_interrupt,
  reference_lost_in_interrupt_small,
} from './interrupts/reference_lost_in_interrupt.ts';
import { slot_lost_in_interrupt, slot_lost_in_interrupt_small } from './interrupts/slot_lost_in_interrupt.ts';
import { everything_at_once } from './mixed/everything_at_once.ts';
import { hostile_user } from './mixed/hostile_user.ts';
import { one_ring_for_all_threads } from './mixed/one_ring_for_all_threads.ts';
import {
  context_freed_while_looked_up,
  context_freed_while_looked_up_small,
} from './rcu/context_freed_while_looked_up.ts';
import {
  event_read_before_it_is_written,
  event_read_before_it_is_written_small,
} from './ring/event_read_before_it_is_written.ts';
import { head_lost_in_page_migration, head_lost_in_page_migration_small } from './ring/head_lost_in_page_migration.ts';
import { last_wake_up_lost, last_wake_up_lost_small } from './ring/last_wake_up_lost.ts';
import { memory_disclosed_as_events, memory_disclosed_as_events_small } from './ring/memory_disclosed_as_events.ts';
import {
  ring_page_freed_in_migration,
  ring_page_freed_in_migration_small,
} from './ring/ring_page_freed_in_migration.ts';
import { unread_events_overwritten, unread_events_overwritten_small } from './ring/unread_events_overwritten.ts';
import {
  user_reaped_slots_never_return,
  user_reaped_slots_never_return_small,
} from './ring/user_reaped_slots_never_return.ts';
import { isShown, type KnownScenario, minThreads, type Scenario } from './scenario.ts';
import { context_destroyed_in_setup, context_destroyed_in_setup_small } from './setup/context_destroyed_in_setup.ts';
import {
  failed_setup_leaves_its_mapping,
  failed_setup_leaves_its_mapping_small,
} from './setup/failed_setup_leaves_its_mapping.ts';
import {
  freed_context_stays_in_table,
  freed_context_stays_in_table_small,
} from './setup/freed_context_stays_in_table.ts';
import {
  small_setup_refused_for_a_large_one,
  small_setup_refused_for_a_large_one_small,
} from './setup/small_setup_refused_for_a_large_one.ts';
import {
  file_closed_under_submission,
  file_closed_under_submission_small,
} from './submit/file_closed_under_submission.ts';

/** Small forms, for schedules. */
export const SMALL_SCENARIOS: readonly Scenario[] = [
  head_lost_in_page_migration_small,
  unread_events_overwritten_small,
  buffer_written_after_destroy_small,
  scribbled_ring_frees_live_requests_small,
  destroy_waits_for_grace_period_small,
  exit_leaves_requests_in_flight_small,
  request_freed_while_cancelled_small,
  event_read_before_it_is_written_small,
  last_wake_up_lost_small,
  two_destroys_succeed_small,
  user_reaped_slots_never_return_small,
  destroyed_context_never_freed_small,
  ring_page_freed_in_migration_small,
  slot_lost_in_interrupt_small,
  reference_lost_in_interrupt_small,
  memory_disclosed_as_events_small,
  context_freed_while_looked_up_small,
  context_destroyed_in_setup_small,
  failed_setup_leaves_its_mapping_small,
  freed_context_stays_in_table_small,
  small_setup_refused_for_a_large_one_small,
  file_closed_under_submission_small,
];

export const SCENARIOS: readonly Scenario[] = [
  head_lost_in_page_migration,
  unread_events_overwritten,
  buffer_written_after_destroy,
  scribbled_ring_frees_live_requests,
  destroy_waits_for_grace_period,
  exit_leaves_requests_in_flight,
  request_freed_while_cancelled,
  event_read_before_it_is_written,
  last_wake_up_lost,
  two_destroys_succeed,
  user_reaped_slots_never_return,
  destroyed_context_never_freed,
  ring_page_freed_in_migration,
  slot_lost_in_interrupt,
  reference_lost_in_interrupt,
  memory_disclosed_as_events,
  context_freed_while_looked_up,
  context_destroyed_in_setup,
  failed_setup_leaves_its_mapping,
  freed_context_stays_in_table,
  small_setup_refused_for_a_large_one,
  file_closed_under_submission,
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

/** Whether a build that lacks fixes of v3.17 may show a finding of that kind, in whatever scenario. */
export const mayShow = (build: Build<string>, kind: string): boolean =>
  SCENARIOS.some(
    (scenario) => scenario.fixedBy.some((slug) => inV317(slug) && lacks(build, slug)) && isShown(scenario, kind),
  );
