// SPDX-License-Identifier: GPL-2.0-only
/** The corpus: for each commit one schedule, cut down, of the build without it, and what it shows. */
import { fileURLToPath } from 'node:url';
import { type Build, buildOf, buildWithout, inV317, type Slug } from '../../../src/reverts/registry.ts';
import { ROOT } from '../../host/root.ts';
import type { Signature } from '../minimise/signature.ts';
import type { Memory } from '../schedule/schedule.ts';

export interface CorpusEntry {
  readonly slug: Slug;
  /** Where it needs more than to lack the fix. */
  readonly build?: Build;
  readonly scenario: string;
  /** Where it is not sequential consistency. */
  readonly memory?: Memory;
  readonly shows: Signature;
  /** Decisions that the finding needs; 0 where every schedule shows it. */
  readonly decisions: number;
}

export const CORPUS: readonly CorpusEntry[] = [
  {
    slug: 'async_destroy',
    scenario: 'destroy_waits_for_grace_period_small',
    shows: {
      kind: 'white-box:grace-period-in-syscall',
      title: 'io_destroy() waited out a grace period on the caller’s time',
      where: 'destroy',
      objects: [],
    },
    decisions: 0,
  },
  {
    slug: 'refcount_requests',
    scenario: 'scribbled_ring_frees_live_requests_small',
    shows: {
      kind: 'warn',
      title: 'WARNING: ctx->reqs_available > ctx->nr_events - 1',
      where: 'free_ioctx_before',
      objects: [],
    },
    decisions: 0,
  },
  {
    slug: 'serialise_migration',
    scenario: 'head_lost_in_page_migration_small',
    shows: {
      kind: 'event:duplicate',
      title: 'an event was delivered twice',
      where: 'deliver',
      objects: ['iocb', 'ring'],
    },
    decisions: 1,
  },
  {
    slug: 'wait_for_requests',
    scenario: 'buffer_written_after_destroy_small',
    shows: {
      kind: 'destroy:requests-in-flight',
      title: 'io_destroy() returned 0 with requests in flight',
      where: 'checkInFlight',
      objects: ['iocb', 'ring'],
    },
    decisions: 0,
  },
  {
    slug: 'track_ring_occupancy',
    scenario: 'unread_events_overwritten_small',
    shows: {
      kind: 'slot:excess',
      title: 'more requests were let in than the ring has slots',
      where: 'overcommit',
      objects: [],
    },
    decisions: 0,
  },
  {
    slug: 'exit_waits',
    scenario: 'exit_leaves_requests_in_flight_small',
    shows: {
      kind: 'exit:requests-in-flight',
      title: 'a process was gone while its requests were in flight',
      where: 'exitWithRequests',
      objects: [],
    },
    decisions: 0,
  },
  {
    slug: 'test_before_charging',
    scenario: 'small_setup_refused_for_a_large_one_small',
    shows: {
      kind: 'quota:spurious-eagain',
      title: 'io_setup() says -EAGAIN although there is room',
      where: 'setupWithinQuota',
      objects: [],
    },
    decisions: 1,
  },
  {
    slug: 'publish_last',
    scenario: 'freed_context_stays_in_table_small',
    shows: {
      kind: 'kasan:use-after-free',
      title: 'KASAN: slab-use-after-free of kioctx',
      where: 'exit_aio',
      objects: ['kioctx'],
    },
    decisions: 1,
  },
  {
    slug: 'clamp_ring_indexes',
    scenario: 'memory_disclosed_as_events_small',
    shows: {
      kind: 'kasan:out-of-bounds',
      title: 'KASAN: slab-out-of-bounds of kmalloc-64',
      where: 'kmap_ring_page',
      objects: ['kmalloc-64'],
    },
    decisions: 0,
  },
  {
    slug: 'refuse_second_destroy',
    scenario: 'two_destroys_succeed_small',
    shows: {
      kind: 'destroy:wrong-answer',
      title: 'io_destroy() of one context returned 0 twice',
      where: 'destroyTogether',
      objects: ['ring'],
    },
    decisions: 1,
  },
  {
    slug: 'free_user_reaped_slots',
    scenario: 'user_reaped_slots_never_return_small',
    shows: {
      kind: 'submit:spurious-eagain',
      title: 'io_submit() has no room, with fewer in use than were asked for',
      where: 'overcommit',
      objects: [],
    },
    decisions: 0,
  },
  {
    slug: 'hold_reqs_for_users',
    scenario: 'destroyed_context_never_freed_small',
    shows: {
      kind: 'refcount:underflow',
      title: 'percpu ref <= 0 when it was killed',
      where: 'percpu_ref_kill_rcu',
      objects: [],
    },
    decisions: 0,
  },
  {
    slug: 'hold_ring_pages',
    scenario: 'ring_page_freed_in_migration_small',
    shows: {
      kind: 'refcount:page',
      title: 'put_page() of a free page',
      where: 'put_page',
      objects: ['page'],
    },
    decisions: 1,
  },
  {
    slug: 'unmap_failed_ring',
    scenario: 'failed_setup_leaves_its_mapping_small',
    shows: {
      kind: 'leak:mapping',
      title: 'rings are mapped that belong to no context',
      where: 'mappings',
      objects: [],
    },
    decisions: 1,
  },
  {
    slug: 'cancel_before_unlink',
    scenario: 'request_freed_while_cancelled_small',
    shows: {
      kind: 'kasan:use-after-free',
      title: 'KASAN: slab-use-after-free of nullb_request',
      where: 'nullb_cancel',
      objects: ['nullb_request'],
    },
    decisions: 3,
  },
  {
    slug: 'hold_new_context',
    scenario: 'context_destroyed_in_setup_small',
    shows: {
      kind: 'kasan:use-after-free',
      title: 'KASAN: slab-use-after-free of kioctx',
      where: 'percpu_ref_get',
      objects: ['kioctx'],
    },
    decisions: 3,
  },
  {
    slug: 'hold_file_reference',
    scenario: 'file_closed_under_submission_small',
    shows: {
      kind: 'kasan:use-after-free',
      title: 'KASAN: slab-use-after-free of ep_data',
      where: 'mutex_unlock',
      objects: ['ep_data'],
    },
    decisions: 3,
  },
  {
    slug: 'protect_slots_from_interrupts',
    scenario: 'slot_lost_in_interrupt_small',
    shows: { kind: 'slot:leak', title: 'slots of a ring have been lost', where: 'slots', objects: ['kioctx'] },
    decisions: 1,
  },
  {
    slug: 'count_references_in_one_step',
    scenario: 'reference_lost_in_interrupt_small',
    shows: { kind: 'hang', title: 'INFO: tasks blocked in phase stop', where: 'watchdog', objects: [] },
    decisions: 1,
  },
  {
    slug: 'free_contexts_after_readers',
    build: { reverted: [], applied: ['refuse_dying_contexts'], rcu: 'preempt' },
    scenario: 'context_freed_while_looked_up_small',
    shows: {
      kind: 'kasan:use-after-free',
      title: 'KASAN: slab-use-after-free of kioctx',
      where: 'lookup_ioctx',
      objects: ['kioctx'],
    },
    decisions: 1,
  },
  {
    slug: 'refuse_dying_contexts',
    build: { reverted: [], applied: ['free_contexts_after_readers'], rcu: 'preempt' },
    scenario: 'context_freed_while_looked_up_small',
    shows: {
      kind: 'warn',
      title: 'WARNING: percpu_ref_kill() called more than once',
      where: 'percpu_ref_kill',
      objects: [],
    },
    decisions: 1,
  },
  {
    slug: 'read_barrier',
    scenario: 'event_read_before_it_is_written_small',
    memory: 'weak',
    shows: {
      kind: 'event:phantom',
      title: 'an event that belongs to no request',
      where: 'deliver',
      objects: [],
    },
    decisions: 3,
  },
  {
    slug: 'write_barrier',
    scenario: 'event_read_before_it_is_written_small',
    memory: 'weak',
    shows: {
      kind: 'event:phantom',
      title: 'an event that belongs to no request',
      where: 'deliver',
      objects: [],
    },
    decisions: 2,
  },
  {
    slug: 'wake_after_tail',
    scenario: 'last_wake_up_lost_small',
    memory: 'tso',
    shows: {
      kind: 'wakeup:lost',
      title: 'io_getevents() sleeps although the ring has enough events',
      where: 'sleepers',
      objects: ['ring'],
    },
    decisions: 5,
  },
];

/** The build whose schedule an entry is, and the same with the fix. */
export const buildOfEntry = ({ slug, build = buildWithout(slug) }: CorpusEntry): Build => build;
export function fixedBuildOf(entry: CorpusEntry): Build {
  const build = buildOfEntry(entry);
  if (inV317(entry.slug)) return { reverted: [] };
  return buildOf({ ...build, applied: [...(build.applied ?? []), entry.slug] });
}

export const corpusPath = (slug: Slug): string => fileURLToPath(new URL(`stress/det/corpus/${slug}.json`, ROOT));
