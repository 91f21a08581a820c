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
  exit_leaves_requests_in_flight,
  exit_leaves_requests_in_flight_small,
} from './destroy/exit_leaves_requests_in_flight.ts';
import {
  scribbled_ring_frees_live_requests,
  scribbled_ring_frees_live_requests_small,
} from './destroy/scribbled_ring_frees_live_requests.ts';
import { everything_at_once } from './mixed/everything_at_once.ts';
import { hostile_user } from './mixed/hostile_user.ts';
import { one_ring_for_all_threads } from './mixed/one_ring_for_all_threads.ts';
import {
  event_read_before_it_is_written,
  event_read_before_it_is_written_small,
} from './ring/event_read_before_it_is_written.ts';
import { head_lost_in_page_migration, head_lost_in_page_migration_small } from './ring/head_lost_in_page_migration.ts';
import { last_wake_up_lost, last_wake_up_lost_small } from './ring/last_wake_up_lost.ts';
import { unread_events_overwritten, unread_events_overwritten_small } from './ring/unread_events_overwritten.ts';
import { isShown, type KnownScenario, minThreads, type Scenario } from './scenario.ts';
import {
  failed_setup_leaves_its_mapping,
  failed_setup_leaves_its_mapping_small,
} from './setup/failed_setup_leaves_its_mapping.ts';

/** Small forms, for schedules. */
export const SMALL_SCENARIOS: readonly Scenario[] = [
  head_lost_in_page_migration_small,
  unread_events_overwritten_small,
  buffer_written_after_destroy_small,
  scribbled_ring_frees_live_requests_small,
  destroy_waits_for_grace_period_small,
  exit_leaves_requests_in_flight_small,
  event_read_before_it_is_written_small,
  last_wake_up_lost_small,
  failed_setup_leaves_its_mapping_small,
];

export const SCENARIOS: readonly Scenario[] = [
  head_lost_in_page_migration,
  unread_events_overwritten,
  buffer_written_after_destroy,
  scribbled_ring_frees_live_requests,
  destroy_waits_for_grace_period,
  exit_leaves_requests_in_flight,
  event_read_before_it_is_written,
  last_wake_up_lost,
  failed_setup_leaves_its_mapping,
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
