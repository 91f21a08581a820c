// SPDX-License-Identifier: GPL-2.0-only
/**
 * What protects what in fs/aio.c, and what shows that it does: a fix of the registry, or a test that takes it away.
 * ARCHITECTURE.md's table is made of it.
 */
import type { Slug } from './registry.ts';

/** A test: its file, and a part of its title. */
interface Mutant {
  readonly file: string;
  readonly title: string;
}

export interface Protection {
  /** The lock, reference, barrier, clamp or order. */
  readonly what: string;
  readonly protects: string;
  readonly shownBy: readonly (Slug | Mutant)[];
}

const unprotected = (title: string): Mutant => ({ file: 'src/fs/aio/unprotected.test.ts', title });

export const PROTECTIONS: readonly Protection[] = [
  // Locks.
  {
    what: '`ring_lock`, readers',
    protects: 'head from the load to the store, and the events between',
    shownBy: [unprotected('without ring_lock two readers get the same events')],
  },
  {
    what: '`ring_lock`, migration and setup',
    protects: 'a page of the ring under a reader’s pointer, and a ring that is half made',
    shownBy: ['serialise_migration'],
  },
  {
    what: '`private_lock`',
    protects: 'the way from a page of the ring to its context',
    shownBy: ['serialise_migration', 'hold_ring_pages'],
  },
  {
    what: '`completion_lock`',
    protects: 'tail, the slot behind it, and completed_events',
    shownBy: [unprotected('without completion_lock two completions write one slot')],
  },
  {
    what: '`ctx_lock`',
    protects: 'active_reqs, and a request that is being cancelled',
    shownBy: ['cancel_before_unlink'],
  },
  {
    what: '`ioctx_lock`',
    protects: 'the slots of the table, and its growth',
    shownBy: [unprotected('without ioctx_lock two contexts get one slot of the table')],
  },
  {
    what: '`aio_nr_lock`, over test and charge',
    protects: 'the quota of others',
    shownBy: ['test_before_charging'],
  },
  {
    what: '`mmap_sem`',
    protects: 'the address that a ring is given',
    shownBy: [unprotected('without mmap_sem two rings are mapped at one address')],
  },
  {
    what: 'interrupts off around per-CPU counts',
    protects: 'reqs_available and references of this CPU from a completion in between',
    shownBy: ['protect_slots_from_interrupts', 'count_references_in_one_step'],
  },
  // References and who waits for them.
  {
    what: '`users`',
    protects: 'the context under system calls, and under io_setup() itself',
    shownBy: ['hold_new_context'],
  },
  {
    what: '`reqs`',
    protects: 'the context under requests',
    shownBy: ['refcount_requests', 'hold_reqs_for_users'],
  },
  {
    what: '`requests_done`',
    protects: 'buffers and the address space from requests in flight',
    shownBy: ['wait_for_requests', 'exit_waits'],
  },
  {
    what: '`dead`, exchanged',
    protects: 'the end of a context from being begun twice, and the second caller from a wrong answer',
    shownBy: ['refuse_second_destroy'],
  },
  {
    what: 'ring pages’ references',
    protects: 'pages of the ring that migration has replaced',
    shownBy: ['serialise_migration', 'hold_ring_pages'],
  },
  {
    what: '`ki_filp`',
    protects: 'the file until the request is complete',
    shownBy: [unprotected('without its reference to the file a request outlives it')],
  },
  {
    what: 'a reference of the submission’s own',
    protects: 'the file until io_submit() is done with it: v3.17 has none',
    shownBy: ['hold_file_reference'],
  },
  {
    what: '`ki_eventfd`',
    protects: 'the eventfd until it is signalled',
    shownBy: [unprotected('without its reference to the eventfd a request signals what is gone')],
  },
  // RCU.
  {
    what: '`kfree_rcu()` of a table',
    protects: 'a table that has been replaced under lookup_ioctx()',
    shownBy: [unprotected('a table that is freed at once is read by who looks a handle up')],
  },
  {
    what: 'grace period before a kioctx is freed',
    protects: 'a kioctx that lookup_ioctx() has just found',
    shownBy: ['free_contexts_after_readers', 'refuse_dying_contexts'],
  },
  {
    what: '`call_rcu()` in percpu_ref_kill(), where there was synchronize_rcu()',
    protects: 'the time of io_destroy()’s caller',
    shownBy: ['async_destroy'],
  },
  // Barriers.
  {
    what: '`smp_wmb()` in aio_complete()',
    protects: 'the event: it is in the ring before the tail',
    shownBy: ['write_barrier'],
  },
  {
    what: '`smp_rmb()` in aio_read_events_ring()',
    protects: 'the event: it is read after the tail',
    shownBy: ['read_barrier'],
  },
  {
    what: '`smp_mb()` before waitqueue_active()',
    protects: 'a sleeper from not being seen',
    shownBy: ['wake_after_tail'],
  },
  // Clamps and counts.
  {
    what: 'head and tail modulo nr_events, where events are read',
    protects: 'what lies behind ring_pages[]',
    shownBy: ['clamp_ring_indexes'],
  },
  {
    what: 'head modulo nr_events, where slots are given back',
    protects: 'the number of slots',
    shownBy: [unprotected('without the clamp of head in refill_reqs_available() a scribbled head makes slots')],
  },
  {
    what: 'slots back when events have been read',
    protects: 'unread events, and submitters whose events user space reads itself',
    shownBy: ['track_ring_occupancy', 'free_user_reaped_slots'],
  },
  {
    what: 'id below the table’s nr',
    protects: 'what lies behind the table',
    shownBy: [unprotected('without the bound of the table a scribbled id leads past its end')],
  },
  {
    what: 'user_id compared with the handle',
    protects: 'contexts from the handles of others',
    shownBy: [unprotected('without the comparison of handles a scribbled id leads to another context')],
  },
  // The order of io_setup().
  {
    what: 'the table last',
    protects: 'the table from a context that is given up',
    shownBy: ['publish_last'],
  },
  {
    what: 'munmap() where io_setup() fails: v3.17 has none',
    protects: 'the address space',
    shownBy: ['unmap_failed_ring'],
  },
];

const shownText = (shown: Slug | Mutant): string => (typeof shown === 'object' ? `“${shown.title}”` : `\`${shown}\``);

/** The rows of ARCHITECTURE.md's table. */
export const protectionRows = (): string =>
  PROTECTIONS.map(
    ({ what, protects, shownBy }) => `| ${what} | ${protects} | ${shownBy.map(shownText).join(', ')} |\n`,
  ).join('');
