// SPDX-License-Identifier: GPL-2.0-only
/** What threads do on the host's kernel, and what their process says of it. No RAM is needed to know that. */
import type { OopsRecord } from '../../../src/kernel/oops.ts';

/** Scenarios of the stress test that need nothing of a kernel but its system calls. */
export const HOST_SCENARIOS = [
  'everything_at_once',
  'unread_events_overwritten',
  'user_reaped_slots_never_return',
  'buffer_written_after_destroy',
  'two_destroys_succeed',
  'scribbled_ring_frees_live_requests',
  'event_read_before_it_is_written',
  'one_ring_for_all_threads',
] as const;
export type HostScenario = (typeof HOST_SCENARIOS)[number];

/** Fewest and most threads: `everything_at_once` has so many roles of user space. */
export const THREADS_MIN = 5;
export const THREADS_MAX = 64;

export interface ThreadsOptions {
  readonly scenarios: readonly HostScenario[];
  readonly threads: number;
  /** For all rounds together. */
  readonly seconds: number;
  readonly seed: number;
}

/** What tests set. */
export interface ThreadsSetup {
  /** What the threads run, a file of dist/, and which of its functions. */
  readonly entry: string;
  readonly handler: string;
  /** How long a thread must have slept in a system call to sleep for good, ms. */
  readonly forGoodMs: number;
}

/** The rounds of a scenario, added up. */
export interface ScenarioReport {
  readonly scenario: HostScenario;
  readonly rounds: number;
  readonly operations: Readonly<Record<string, number>>;
  readonly findings: readonly OopsRecord[];
}

/** Why it ended early; null if it did not. */
export type EarlyEnd = { readonly hang: boolean; readonly reason: string } | null;

export type ThreadsResult =
  /** The kernel cannot be used. */
  | { readonly kind: 'none'; readonly reason: string }
  | {
      readonly kind: 'done';
      readonly reports: readonly ScenarioReport[];
      readonly early: EarlyEnd;
      /** Whether reads go past the page cache, so that they complete later. */
      readonly direct: boolean;
      /** Whether there are requests that wait until they are cancelled. */
      readonly pending: boolean;
    };

/** What the process of the threads says. */
export type FromThreads =
  | { readonly kind: 'scenario'; readonly scenario: HostScenario }
  | ThreadsResult
  /** The host refuses what it needs. */
  | { readonly kind: 'limit'; readonly sentence: string; readonly threads: number }
  | { readonly kind: 'failed'; readonly text: string };
