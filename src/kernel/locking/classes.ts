// SPDX-License-Identifier: GPL-2.0-only
/**
 * The lock classes, outermost first, and where each is taken inside the one it nests in.
 *
 * lockdep learns the real order at run time; this list is what a reader starts from, and gives a class its number.
 */
export const LOCK_CLASSES = [
  /** kioctx.ring_lock: consumers, setup and migration of a ring */
  'ring_lock',
  /** mm_struct.mmap_sem: inside ring_lock in aio_setup_ring() */
  'mmap_sem',
  /** page.lock: inside ring_lock in put_aio_ring_file() on ioctx_alloc()'s error path */
  'page_lock',
  /** address_space.i_mmap_mutex: inside mmap_sem in vm_munmap() */
  'i_mmap_mutex',
  /** address_space.private_lock: inside page_lock in aio_migratepage(), which may only try ring_lock */
  'private_lock',
  /** mm_struct.page_table_lock: inside i_mmap_mutex in try_to_unmap() */
  'page_table_lock',
  /** address_space.tree_lock: inside private_lock in migrate_page_move_mapping() */
  'tree_lock',
  /** mm_struct.ioctx_lock: inside ring_lock in ioctx_add_table() */
  'ioctx_lock',
  /** aio_nr_lock: inside ring_lock in ioctx_alloc() */
  'aio_nr_lock',
  /** pipe_inode_info.mutex */
  'pipe_mutex',
  /** ep_data.lock of an open endpoint: submission */
  'endpoint_lock',
  /** kioctx.ctx_lock: the list of cancellable requests */
  'ctx_lock',
  /** a device's queue: inside ctx_lock in its cancel function */
  'device_lock',
  /** kioctx.completion_lock: inside tree_lock's section in aio_migratepage() */
  'completion_lock',
  /** wait_queue_head.lock of each kind of wait queue, as Linux gives each init_waitqueue_head() a class: kioctx.wait */
  'ctx.wait',
  /** completion.wait */
  'completion.wait',
  /** eventfd_ctx.wqh */
  'eventfd.wqh',
  /** completers, who wait for requests */
  'device.wait',
  /** the grace-period thread */
  'rcu.wait',
  /** kworkers, who wait for work */
  'workqueue.more',
  /** flush_workqueue() */
  'workqueue.idle',
  /** files_struct.file_lock */
  'file_lock',
  'rcu.lock',
  'workqueue.lock',
  'slab.lock',
  'zone.lock',
  /** locks of tests and benchmarks */
  'test_lock_a',
  'test_lock_b',
  'test_lock_c',
] as const;

export type LockClass = (typeof LOCK_CLASSES)[number];

/** Number of a class, as locks store it. */
export const lockClass = (name: LockClass): number => LOCK_CLASSES.indexOf(name);
export const lockClassName = (id: number): string => LOCK_CLASSES[id] ?? `class ${id}`;
export const LOCK_CLASS_COUNT = LOCK_CLASSES.length;
