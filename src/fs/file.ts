// SPDX-License-Identifier: GPL-2.0-only
/**
 * Open files, and the table of a process's descriptors.
 *
 * A file is freed after a grace period, so that fget() may look at one that is just going away: it
 * takes a reference only if the count is not zero.
 *
 * Locks: L = files_struct.file_lock.
 * NOT LINUX: the last fput() releases the file at once, not from task work.
 * @linux fs/file.c, fs/file_table.c, include/linux/fs.h v3.17
 */
import { atomic_dec_and_test, atomic_inc, atomic_inc_not_zero, atomic_read, atomic_set } from '../arch/sab/atomic.ts';
import { type Fn, fn, fnOf, fnptr } from '../arch/sab/functable.ts';
import { type Addr, load32 } from '../arch/sab/memory.ts';
import { atomic_t, container_of, embed, ptr, ptrAt, struct, u31, type View, words } from '../arch/sab/struct.ts';
import { spin_lock, spin_lock_init, spin_unlock, spinlock_t } from '../kernel/locking/spinlock.ts';
import { WARN_ON } from '../kernel/panic.ts';
import {
  call_rcu,
  rcu_assign_pointer,
  rcu_dereference,
  rcu_head,
  rcu_read_lock,
  rcu_read_unlock,
} from '../kernel/rcu/tree.ts';
import { current } from '../kernel/sched/core.ts';
import { address_space } from '../mm/mm_types.ts';
import { setMappedFileOps } from '../mm/mmap.ts';
import { defineCache, kmem_cache_alloc, kmem_cache_free, SLAB_HWCACHE_ALIGN } from '../mm/slab.ts';
import { EBADF, EMFILE } from '../uapi/errno.ts';
import type { kiocb } from './aio/kioctx.ts';

export const FMODE_READ = 1;
export const FMODE_WRITE = 2;
/** Writes go to the end of the file. */
export const O_APPEND = 0o2000;

/** What a file can do. Methods return bytes, -errno, or -EIOCBQUEUED when aio_complete() will be called. */
export interface FileOperations {
  readonly name: string;
  /** @param iov - kernel address of an array of struct iovec @param segments - elements @param bytes - in all */
  read_iter?(iocb: kiocb, iov: number, segments: number, bytes: number): number;
  write_iter?(iocb: kiocb, iov: number, segments: number, bytes: number): number;
  aio_fsync?(iocb: kiocb, datasync: boolean): number;
  /** What it is ready for, POLL*; who has none is ready for all. */
  poll?(file: file): number;
  /** The last reference is gone. */
  release?(file: file): void;
}
type OpsOf = () => FileOperations;

/** Hears what an object of files, by its address, has become ready for. @param end - FMODE_* of the files */
export type PollListener = (object: number, end: number, mask: number) => void;
let poller: PollListener | null = null;
/** NOT LINUX: one listener, where Linux has a queue of waiters for each object. */
export function set_poll_listener(f: PollListener | null): void {
  poller = f;
}
/** @param mask - POLL*; 0 of a file that is released, in any context: the listener looks for himself, later */
export function wake_up_poll(object: number, end: number, mask: number): void {
  if (poller !== null) poller(object, end, mask);
}

/** Makes file operations that a file can name in shared memory. */
export const defineFops = (ops: FileOperations): Fn<OpsOf> => fn(`fops ${ops.name}`, () => ops);

export const file = struct('file', {
  /** A */
  f_count: atomic_t,
  /** I: FMODE_* */
  f_mode: u31,
  /** I: O_APPEND */
  f_flags: u31,
  /** I: id of the operations */
  f_op: fnptr<OpsOf>(),
  /** I: the pages behind it, if it can be mapped */
  f_mapping: ptr(() => address_space),
  /** I: the operations' own */
  private_data: u31,
  /** A: writes that have begun and not ended. NOT LINUX: sb_start_write() counts per file system */
  writers: atomic_t,
  f_rcuhead: embed(rcu_head),
});
export type file = View<typeof file>;
const filp_cachep = defineCache('filp', file, SLAB_HWCACHE_ALIGN);

export const FD_MAX = 64;
export const files_struct = struct('files_struct', {
  file_lock: embed(spinlock_t),
  /** R: open files by descriptor */
  fd: words(FD_MAX),
});
export type files_struct = View<typeof files_struct>;
const FD = files_struct.offsetof.fd;
const files_cachep = defineCache('files_struct', files_struct, SLAB_HWCACHE_ALIGN);

/** A file with one reference; null if memory is out. */
export function alloc_file(ops: Fn<OpsOf>, mode: number, mapping: address_space | null): file | null {
  const addr = kmem_cache_alloc(filp_cachep);
  if (addr === 0) return null;
  const filp = file.at(addr);
  atomic_set(filp.f_count, 1);
  filp.f_mode = mode;
  filp.f_op = ops;
  filp.f_mapping = mapping;
  return filp;
}

export const f_op = (filp: file): FileOperations => fnOf(filp.f_op)();

export function get_file(filp: file): void {
  WARN_ON(atomic_read(filp.f_count) <= 0, 'get_file() of a file without references');
  atomic_inc(filp.f_count);
}

const file_free_rcu = fn('file_free_rcu', function file_free_rcu(head: Addr<rcu_head>) {
  kmem_cache_free(filp_cachep, container_of(head, file, 'f_rcuhead').addr);
});

/** Drops a reference; the last one releases the file. @context any that release() allows */
export function fput(filp: file): void {
  if (!atomic_dec_and_test(filp.f_count)) return;
  f_op(filp).release?.(filp);
  call_rcu(filp.f_rcuhead, file_free_rcu);
}

/** An empty table; null if memory is out. */
export function files_alloc(): files_struct | null {
  const addr = kmem_cache_alloc(files_cachep);
  if (addr === 0) return null;
  const files = files_struct.at(addr);
  spin_lock_init(files.file_lock, 'file_lock');
  return files;
}

/** Closes all and frees the table. */
export function files_free(files: files_struct): void {
  for (let fd = 0; fd < FD_MAX; fd++) close_fd(files, fd);
  kmem_cache_free(files_cachep, files.addr);
}

/** Gives a file the lowest free descriptor; the reference is the table's. @returns the descriptor or -EMFILE */
export function fd_install(files: files_struct, filp: file): number {
  spin_lock(files.file_lock);
  let fd = 0;
  while (fd < FD_MAX && load32(files.fd + 4 * fd) !== 0) fd++;
  if (fd < FD_MAX) rcu_assign_pointer((files.fd + 4 * fd) as Addr<number>, filp.addr);
  spin_unlock(files.file_lock);
  return fd < FD_MAX ? fd : -EMFILE;
}

/** @returns 0 or -EBADF */
export function close_fd(files: files_struct, fd: number): number {
  spin_lock(files.file_lock);
  const filp = fd >= 0 && fd < FD_MAX ? ptrAt(files.fd, fd, file) : null;
  if (filp !== null) rcu_assign_pointer((files.fd + 4 * fd) as Addr<number>, 0);
  spin_unlock(files.file_lock);
  if (filp === null) return -EBADF;
  fput(filp);
  return 0;
}

/** The open file of a descriptor of this task, with a reference; that of NULL if there is none. @context any */
export function fget(fd: number): file {
  const files = current.files;
  let filp = 0;
  if (files !== 0 && fd >= 0 && fd < FD_MAX) {
    rcu_read_lock();
    filp = rcu_dereference((files + FD + 4 * fd) as Addr<number>);
    if (filp !== 0 && !atomic_inc_not_zero(filp as Addr<number>)) filp = 0; // f_count comes first
    rcu_read_unlock();
  }
  return file.at(filp);
}

setMappedFileOps(
  (addr) => get_file(file.at(addr)),
  (addr) => fput(file.at(addr)),
);
