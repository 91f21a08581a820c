// SPDX-License-Identifier: GPL-2.0-only
/**
 * The commits whose fixes can be taken back, by name, and which of them this machine has.
 *
 * `fixed.slug` is true on a build that has the fix. It is set when a thread attaches to a machine and not changed
 * while the machine runs.
 */

export interface Revert {
  /** 12 hex digits */
  readonly commit: string;
  readonly subject: string;
  readonly fixedIn: string;
  /** What the build without the fix does. */
  readonly symptom: string;
}

export const REVERTS = {
  async_destroy: {
    commit: '4fcc712f5c48',
    subject: 'aio: fix io_destroy() regression by using call_rcu()',
    fixedIn: 'v3.10',
    symptom: 'io_destroy() waits out a grace period of its own, and frees the context on the caller’s time',
  },
  refcount_requests: {
    commit: 'e34ecee2ae79',
    subject: 'aio: Fix a trinity splat',
    fixedIn: 'v3.13',
    symptom: 'a scribbled ring makes io_destroy() free the kioctx under live requests',
  },
  count_references_in_one_step: {
    commit: '0c36b390a546',
    subject: 'percpu-refcount: fix usage of this_cpu_ops',
    fixedIn: 'v3.15',
    symptom: 'a completion interrupts the count of a request, whose reference is never dropped: io_destroy() hangs',
  },
  serialise_migration: {
    commit: 'fa8a53c39f3f',
    subject: 'aio: v4 ensure access to ctx->ring_pages is correctly serialised for migration',
    fixedIn: 'v3.15',
    symptom: 'a head stored into a page that is being migrated is lost, and events come twice',
  },
  wait_for_requests: {
    commit: 'e02ba72aabfa',
    subject: 'aio: block io_destroy() until all context requests are completed',
    fixedIn: 'v3.15',
    symptom: 'io_destroy() returns, the buffer is freed, and the device still writes it',
  },
  protect_slots_from_interrupts: {
    commit: '263782c1c95b',
    subject: 'aio: protect reqs_available updates from changes in interrupt handlers',
    fixedIn: 'v3.17',
    symptom: 'a completion interrupts a submitter between load and store of its slots, and slots are lost or made up',
  },
  track_ring_occupancy: {
    commit: 'd856f32a86b2',
    subject: 'aio: fix reqs_available handling',
    fixedIn: 'v3.17',
    symptom: 'more requests than ring slots are let in, and unread events are overwritten',
  },
  read_barrier: {
    commit: '2ff396be602f',
    subject: 'aio: add missing smp_rmb() in read_events_ring',
    fixedIn: 'v3.17',
    symptom: 'on a weakly ordered machine io_getevents() returns an event before it is written',
  },
  exit_waits: {
    commit: '6098b45b32e6',
    subject: 'aio: block exit_aio() until all context requests are completed',
    fixedIn: 'v3.17',
    symptom: 'a process is gone while its requests are in flight',
  },
} as const satisfies Record<string, Revert>;

export type Slug = keyof typeof REVERTS;
export const SLUGS = Object.keys(REVERTS) as Slug[];
export const isSlug = (name: string): name is Slug => Object.hasOwn(REVERTS, name);

const state = {} as Record<Slug, boolean>;
for (const slug of SLUGS) state[slug] = true;
/** Which fixes this machine has. In a thread that never runs another build than the patched one, V8 sees constants. */
export const fixed: Readonly<Record<Slug, boolean>> = state;

/** Takes fixes back in this thread; all others are in. @param reverted - as refusedCombination() allows */
export function applyReverts(reverted: readonly Slug[]): void {
  for (const slug of SLUGS) {
    const on = !reverted.includes(slug);
    if (state[slug] !== on) state[slug] = on;
  }
}

/** Why these reverts cannot be combined, or null if they can. */
export function refusedCombination(reverted: readonly Slug[]): string | null {
  if (reverted.includes('refcount_requests') && reverted.includes('track_ring_occupancy')) {
    return (
      'refcount_requests and track_ring_occupancy cannot be reverted together: each counts the slots of completed ' +
      'requests at a time of its own, so both would count every slot twice, which no kernel ever did'
    );
  }
  return null;
}
