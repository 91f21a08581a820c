// SPDX-License-Identifier: GPL-2.0-only
/**
 * The commits that a build can have or lack, by name, and which of them this machine has.
 *
 * v3.17 has most of them: they can be taken back. It lacks those of later kernels: they can be applied.
 * `fixed.slug` is true on a build that has the fix. It is set when a thread attaches to a machine and not changed
 * while the machine runs.
 */

export interface Fix {
  /** 12 hex digits */
  readonly commit: string;
  readonly subject: string;
  readonly fixedIn: string;
  /** Whether v3.17 has it, so that it can be reverted; else it can be applied. */
  readonly inV317: boolean;
  /** What the build without the fix does. */
  readonly symptom: string;
}

/** A build of the kernel: v3.17, but for these. */
export interface Build<Name extends string = Slug> {
  readonly reverted: readonly Name[];
  readonly applied?: readonly Name[] | undefined;
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
  async_destroy: {
    commit: '4fcc712f5c48',
    subject: 'aio: fix io_destroy() regression by using call_rcu()',
    fixedIn: 'v3.10',
    inV317: true,
    symptom: 'io_destroy() waits out a grace period of its own, and frees the context on the caller’s time',
  },
  refcount_requests: {
    commit: 'e34ecee2ae79',
    subject: 'aio: Fix a trinity splat',
    fixedIn: 'v3.13',
    inV317: true,
    symptom: 'a scribbled ring makes io_destroy() free the kioctx under live requests',
  },
  serialise_migration: {
    commit: 'fa8a53c39f3f',
    subject: 'aio: v4 ensure access to ctx->ring_pages is correctly serialised for migration',
    fixedIn: 'v3.15',
    inV317: true,
    symptom: 'a head stored into a page that is being migrated is lost, and events come twice',
  },
  wait_for_requests: {
    commit: 'e02ba72aabfa',
    subject: 'aio: block io_destroy() until all context requests are completed',
    fixedIn: 'v3.15',
    inV317: true,
    symptom: 'io_destroy() returns, the buffer is freed, and the device still writes it',
  },
  track_ring_occupancy: {
    commit: 'd856f32a86b2',
    subject: 'aio: fix reqs_available handling',
    fixedIn: 'v3.17',
    inV317: true,
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
  unmap_failed_ring: {
    commit: 'deeb8525f9bc',
    subject: 'ioctx_alloc(): fix vma (and file) leak on failure',
    fixedIn: 'v4.1',
    inV317: false,
    symptom: 'io_setup() that fails on the quota leaves its mapping behind',
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
export const lacks = ({ reverted, applied = [] }: Build<string>, slug: Slug): boolean =>
  inV317(slug) ? reverted.includes(slug) : !applied.includes(slug);

const state = {} as Record<Slug, boolean>;
for (const slug of SLUGS) state[slug] = inV317(slug);
/** Which fixes this machine has. In a thread that never runs another build than v3.17, V8 sees constants. */
export const fixed: Readonly<Record<Slug, boolean>> = state;

/** v3.17, or v3.17 but for one fix, so that it lacks it, or has it. */
export const buildWithout = (slug: Slug): Build => ({ reverted: inV317(slug) ? [slug] : [] });
export const buildWith = (slug: Slug): Build => buildOf({ reverted: [], applied: inV317(slug) ? [] : [slug] });

/** A build as records have it: without `applied` where nothing is. */
export const buildOf = <Name extends string>({ reverted, applied = [] }: Build<Name>): Build<Name> =>
  applied.length === 0 ? { reverted } : { reverted, applied };

/** Makes this thread's kernel a build. @param build - as refusedCombination() allows */
export function setBuild(build: Build): void {
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
];

/** Why there can be no such build, or null if there can. */
export const refusedCombination = (build: Build): string | null => REFUSED.find(({ is }) => is(build))?.why ?? null;
