// SPDX-License-Identifier: GPL-2.0-only
/**
 * The commits that a build can have or lack, by name, and which of them this machine has.
 *
 * v3.17 has most of them: they can be taken back. It lacks those of later kernels: they can be applied.
 * `fixed.slug` is true on a build that has the fix. It is set when a thread attaches to a machine and not changed
 * while the machine runs.
 */
import { type Rcu, setRcu } from '../arch/sab/cpu.ts';

export interface Fix {
  /** 12 hex digits */
  readonly commit: string;
  readonly subject: string;
  readonly fixedIn: string;
  /** Whether v3.17 has it, so that it can be reverted; else it can be applied. */
  readonly inV317: boolean;
  /** An earlier fix whose code this one rewrote: a build without that one is older, and lacks this one, too. */
  readonly rewrites?: string;
  /** What the build without the fix does. */
  readonly symptom: string;
}

/** A build of the kernel: v3.17, but for these, with an RCU that is classic or preemptible. */
export interface Build<Name extends string = Slug> {
  readonly reverted: readonly Name[];
  readonly applied?: readonly Name[] | undefined;
  /** classic if it is not given */
  readonly rcu?: Rcu | undefined;
}

export const FIXES = {
  write_barrier: {
    commit: '679c40a86efa',
    subject: 'Fix race condition between aio_complete and aio_read_evt',
    fixedIn: 'v2.5.75',
    inV317: true,
    symptom: 'on a weakly ordered machine the tail of the ring is seen before the event that it covers',
  },
  wake_after_tail: {
    commit: '6cb2a21049b8',
    subject: 'aio: bad AIO race in aio_complete() leads to process hang',
    fixedIn: 'v2.6.25',
    inV317: true,
    symptom: 'a completion looks for sleepers before its event can be seen, and io_getevents() sleeps for ever',
  },
  hold_new_context: {
    commit: '86b62a2cb4fc',
    subject: 'aio: fix io_setup/io_destroy race',
    fixedIn: 'v3.3',
    inV317: true,
    symptom: 'io_setup() uses a context that another thread, which has guessed its handle, has destroyed',
  },
  test_before_charging: {
    commit: 'd55b5fdaf408',
    subject: 'aio: remove aio_max_nr accounting race',
    fixedIn: 'v2.6.15',
    inV317: true,
    symptom: 'io_setup() of a small context says -EAGAIN while one that is too large is being refused',
  },
  async_destroy: {
    commit: '4fcc712f5c48',
    subject: 'aio: fix io_destroy() regression by using call_rcu()',
    fixedIn: 'v3.10',
    inV317: true,
    symptom: 'io_destroy() waits out a grace period of its own, and frees the context on the caller’s time',
  },
  hold_ring_pages: {
    commit: '8e321fefb0e6',
    subject: 'aio/migratepages: make aio migrate pages sane',
    fixedIn: 'v3.13',
    inV317: true,
    symptom: 'a page of a ring that is being made or freed is migrated, and freed under its user',
  },
  publish_last: {
    commit: 'da90382c2ec3',
    subject: 'aio: fix error handling and rcu usage in "convert the ioctx list to table lookup v3"',
    fixedIn: 'v3.12',
    inV317: true,
    symptom: 'io_setup() that fails on the quota frees the kioctx, and leaves it in the table',
  },
  refcount_requests: {
    commit: 'e34ecee2ae79',
    subject: 'aio: Fix a trinity splat',
    fixedIn: 'v3.13',
    inV317: true,
    symptom: 'a scribbled ring makes io_destroy() free the kioctx under live requests',
  },
  hold_reqs_for_users: {
    commit: '1881686f8420',
    subject: 'aio: fix kioctx leak introduced by "aio: Fix a trinity splat"',
    fixedIn: 'v3.13',
    inV317: true,
    symptom: 'a context without requests is never freed, and one with requests is freed before the last is done',
  },
  count_references_in_one_step: {
    commit: '0c36b390a546',
    subject: 'percpu-refcount: fix usage of this_cpu_ops',
    fixedIn: 'v3.15',
    inV317: true,
    symptom: 'a completion interrupts the count of a request, whose reference is never dropped: io_destroy() hangs',
  },
  serialise_migration: {
    commit: 'fa8a53c39f3f',
    subject: 'aio: v4 ensure access to ctx->ring_pages is correctly serialised for migration',
    fixedIn: 'v3.15',
    inV317: true,
    rewrites: 'hold_ring_pages',
    symptom: 'a head stored into a page that is being migrated is lost, and events come twice',
  },
  wait_for_requests: {
    commit: 'e02ba72aabfa',
    subject: 'aio: block io_destroy() until all context requests are completed',
    fixedIn: 'v3.15',
    inV317: true,
    symptom: 'io_destroy() returns, the buffer is freed, and the device still writes it',
  },
  refuse_second_destroy: {
    commit: 'fb2d44838320',
    subject: 'aio: report error from io_destroy() when threads race in io_destroy()',
    fixedIn: 'v3.16',
    inV317: true,
    symptom: 'of two io_destroy() of one context both return 0, one of them with requests in flight',
  },
  free_user_reaped_slots: {
    commit: 'f8567a3845ac',
    subject: 'aio: fix aio request leak when events are reaped by userspace',
    fixedIn: 'v3.16',
    inV317: true,
    symptom: 'slots of events that user space reads from the ring never come back: -EAGAIN for ever',
  },
  protect_slots_from_interrupts: {
    commit: '263782c1c95b',
    subject: 'aio: protect reqs_available updates from changes in interrupt handlers',
    fixedIn: 'v3.16',
    inV317: true,
    symptom: 'a completion interrupts a submitter between load and store of its slots, and slots are lost or made up',
  },
  clamp_ring_indexes: {
    commit: 'edfbbf388f29',
    subject: 'aio: fix kernel memory disclosure in io_getevents() introduced in v3.10',
    fixedIn: 'v3.16',
    inV317: true,
    symptom: 'a scribbled head makes io_getevents() copy out memory that is no page of the ring (CVE-2014-0206)',
  },
  track_ring_occupancy: {
    commit: 'd856f32a86b2',
    subject: 'aio: fix reqs_available handling',
    fixedIn: 'v3.17',
    inV317: true,
    rewrites: 'free_user_reaped_slots',
    symptom: 'more requests than ring slots are let in, and unread events are overwritten',
  },
  read_barrier: {
    commit: '2ff396be602f',
    subject: 'aio: add missing smp_rmb() in read_events_ring',
    fixedIn: 'v3.17',
    inV317: true,
    symptom: 'on a weakly ordered machine io_getevents() returns an event before it is written',
  },
  exit_waits: {
    commit: '6098b45b32e6',
    subject: 'aio: block exit_aio() until all context requests are completed',
    fixedIn: 'v3.17',
    inV317: true,
    symptom: 'a process is gone while its requests are in flight',
  },
  cancel_before_unlink: {
    commit: '4faa99965e02',
    subject: 'fix io_destroy()/aio_complete() race',
    fixedIn: 'v4.17',
    inV317: true,
    symptom:
      'a request completes and is freed while io_destroy() has it cancelled (transposed: v3.17 asks whether the ' +
      'request ever was in the list; v4.16 asked whether it is)',
  },
  unmap_failed_ring: {
    commit: 'deeb8525f9bc',
    subject: 'ioctx_alloc(): fix vma (and file) leak on failure',
    fixedIn: 'v4.1',
    inV317: false,
    symptom: 'io_setup() that fails on the quota leaves its mapping behind',
  },
  hold_file_reference: {
    commit: '0b944d3a4bba',
    subject: 'aio: hold an extra file reference over AIO read/write operations',
    fixedIn: 'v4.10',
    inV317: false,
    symptom: 'a request that completes drops the last reference to its file while io_submit() still uses it',
  },
  free_contexts_after_readers: {
    commit: 'a6d7cff472ee',
    subject: 'fs/aio: Add explicit RCU grace period when freeing kioctx',
    fixedIn: 'v4.16',
    inV317: false,
    symptom: 'with a preemptible RCU a context is freed while lookup_ioctx() still looks at it',
  },
  refuse_dying_contexts: {
    commit: 'baf10564fbb6',
    subject: 'aio: fix io_destroy(2) vs. lookup_ioctx() race',
    fixedIn: 'v4.17',
    inV317: false,
    symptom: 'with a preemptible RCU lookup_ioctx() takes a reference to a context that nobody has any more',
  },
} as const satisfies Record<string, Fix>;

export type Slug = keyof typeof FIXES;
export const SLUGS = Object.keys(FIXES) as Slug[];
export const isSlug = (name: string): name is Slug => Object.hasOwn(FIXES, name);
/** Whether v3.17 has the fix. */
export const inV317 = (slug: Slug): boolean => (FIXES[slug] as Fix).inV317;
/** What `--revert` knows. */
export const REVERTIBLE: readonly Slug[] = SLUGS.filter(inV317);
/** What `--apply` knows. */
export const APPLICABLE: readonly Slug[] = SLUGS.filter((slug) => !inV317(slug));

/** Whether a build does not have a fix. */
export function lacks(build: Build<string>, slug: Slug): boolean {
  const { reverted, applied = [] } = build;
  const { rewrites } = FIXES[slug] as Fix;
  if (rewrites !== undefined && isSlug(rewrites) && lacks(build, rewrites)) return true;
  return inV317(slug) ? reverted.includes(slug) : !applied.includes(slug);
}

const state = {} as Record<Slug, boolean>;
for (const slug of SLUGS) state[slug] = inV317(slug);
/** Which fixes this machine has. In a thread that never runs another build than v3.17, V8 sees constants. */
export const fixed: Readonly<Record<Slug, boolean>> = state;

/** v3.17, or v3.17 but for one fix, so that it lacks it, or has it. */
export const buildWithout = (slug: Slug): Build => ({ reverted: inV317(slug) ? [slug] : [] });
export const buildWith = (slug: Slug): Build => buildOf({ reverted: [], applied: inV317(slug) ? [] : [slug] });

/** A build as records have it: only what it is, and `applied` and `rcu` where they say something. */
export const buildOf = <Name extends string>({ reverted, applied = [], rcu }: Build<Name>): Build<Name> => ({
  reverted,
  ...(applied.length === 0 ? {} : { applied }),
  ...(rcu === 'preempt' ? { rcu } : {}),
});

/** Makes this thread's kernel a build. @param build - as refusedCombination() allows */
export function setBuild(build: Build): void {
  setRcu(build.rcu ?? 'classic');
  for (const slug of SLUGS) {
    const on = !lacks(build, slug);
    if (state[slug] !== on) state[slug] = on;
  }
}

/** What cannot be reverted together, or what one that is applied needs. */
const REFUSED: readonly { readonly is: (build: Build) => boolean; readonly why: string }[] = [
  {
    is: ({ reverted }) => reverted.includes('refcount_requests') && reverted.includes('track_ring_occupancy'),
    why:
      'refcount_requests and track_ring_occupancy cannot be reverted together: each counts the slots of completed ' +
      'requests at a time of its own, so both would count every slot twice, which no kernel ever did',
  },
  {
    is: ({ reverted }) => reverted.includes('refcount_requests') && reverted.includes('hold_reqs_for_users'),
    why:
      'refcount_requests and hold_reqs_for_users cannot be reverted together: the second is a reference to the count ' +
      'of requests, which the first brought',
  },
];

/** Why there can be no such build, or null if there can. */
export const refusedCombination = (build: Build): string | null => REFUSED.find(({ is }) => is(build))?.why ?? null;
