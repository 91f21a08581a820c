// SPDX-License-Identifier: GPL-2.0-only
/**
 * The public surface: boot a machine, be a process in it, call fs/aio as user space does. No logic is here.
 *
 * Threads that share a machine must be started with `workerData: { memory: machine.memory }`; see workers/cpu.ts.
 */

// The system calls, and files to do I/O on.
export { nullb_open, nullb_set_delay, nullb_thread } from './drivers/null_blk.ts';
export { ramdisk_create, ramdisk_destroy, ramdisk_open, ramdisk_truncate } from './drivers/ramdisk.ts';
export { sys_io_cancel, sys_io_destroy, sys_io_getevents, sys_io_setup, sys_io_submit } from './fs/aio/syscalls.ts';
export { eventfd_file_create, eventfd_read } from './fs/eventfd.ts';
export { close_fd, FMODE_READ, FMODE_WRITE, fd_install, files_alloc, files_free, O_APPEND } from './fs/file.ts';

// The machine.
export {
  type CpuParams,
  createMachine,
  type Machine,
  type MachineParams,
  start_kernel,
  start_secondary,
} from './init/machine.ts';
export { type LockStat, readLockStat } from './kernel/locking/lock_stat.ts';
export { type FindingKind, KernelOops, type OopsRecord, readOopsLog } from './kernel/oops.ts';
export { rcu_gp_kthread, rcu_kick } from './kernel/rcu/tree.ts';
export { worker_thread, workqueue_kick } from './kernel/workqueue.ts';

// The commits.
export { REVERTS, type Revert, refusedCombination, SLUGS, type Slug } from './reverts/registry.ts';

// What user space shares with the kernel.
export * from './uapi/aio_abi.ts';
export * from './uapi/errno.ts';

// User space.
export * from './user/libaio.ts';
export { become, exitContexts, type Process, reap, settleKernel, spawn } from './user/process.ts';
