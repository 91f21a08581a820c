// SPDX-License-Identifier: GPL-2.0-only
/**
 * A RAM disk: files whose requests complete inside io_submit(), as buffered I/O does.
 *
 * NOT LINUX: a file is one run of pages with a fixed capacity.
 */
import { memset, PAGE_SIZE } from '../arch/sab/memory.ts';
import { hi32, lo32, struct, u31, type View } from '../arch/sab/struct.ts';
import type { kiocb } from '../fs/aio/kioctx.ts';
import { alloc_file, defineFops, type file, O_APPEND } from '../fs/file.ts';
import { defineCache, kfree, kmem_cache_alloc, kmem_cache_free, kzalloc } from '../mm/slab.ts';
import { copy_from_user, copy_to_user } from '../mm/uaccess.ts';
import { iovec } from '../uapi/aio_abi.ts';
import { EFAULT, EFBIG, ENOMEM } from '../uapi/errno.ts';

const IOVEC_BYTES = iovec.sizeof;

export const ramdisk = struct('ramdisk', {
  /** bytes in the file */
  size: u31,
  /** I: bytes there is room for */
  capacity: u31,
  /** I: kernel address of the bytes */
  data: u31,
});
export type ramdisk = View<typeof ramdisk>;
const ramdisk_cachep = defineCache('ramdisk', ramdisk);

/** Moves bytes between the vector and the file from `pos` on. @returns bytes moved, or -EFAULT if none could be */
function transfer(disk: ramdisk, iov: number, segments: number, pos: number, limit: number, write: boolean): number {
  let done = 0;
  for (let i = 0; i < segments && done < limit; i++) {
    const v = iovec.at(iov + i * IOVEC_BYTES);
    const bytes = Math.min(lo32(v.iov_len), limit - done);
    const at = disk.data + pos + done;
    const left = write ? copy_from_user(at, lo32(v.iov_base), bytes) : copy_to_user(lo32(v.iov_base), at, bytes);
    done += bytes - left;
    if (left !== 0) return done > 0 ? done : -EFAULT;
  }
  return done;
}

const diskOf = (iocb: kiocb): ramdisk => ramdisk.at(iocb.ki_filp.private_data);

const ramdisk_fops = defineFops({
  name: 'ramdisk',
  read_iter(iocb, iov, segments, bytes) {
    const disk = diskOf(iocb);
    const pos = hi32(iocb.ki_pos) !== 0 ? disk.size : lo32(iocb.ki_pos) >>> 0;
    if (pos >= disk.size) return 0;
    return transfer(disk, iov, segments, pos, Math.min(bytes, disk.size - pos), false);
  },
  write_iter(iocb, iov, segments, bytes) {
    const disk = diskOf(iocb);
    const append = (iocb.ki_filp.f_flags & O_APPEND) !== 0;
    const pos = append ? disk.size : lo32(iocb.ki_pos) >>> 0;
    if (bytes === 0) return 0;
    if (hi32(iocb.ki_pos) !== 0 || pos >= disk.capacity) return -EFBIG;
    const ret = transfer(disk, iov, segments, pos, Math.min(bytes, disk.capacity - pos), true);
    if (ret > 0) disk.size = Math.max(disk.size, pos + ret);
    return ret;
  },
});

/** A file with room for `capacity` bytes. @returns it, or -ENOMEM */
export function ramdisk_create(capacity: number): ramdisk | number {
  const addr = kmem_cache_alloc(ramdisk_cachep);
  if (addr === 0) return -ENOMEM;
  const disk = ramdisk.at(addr);
  disk.capacity = Math.ceil(capacity / PAGE_SIZE) * PAGE_SIZE;
  disk.data = kzalloc(disk.capacity);
  if (disk.data === 0) {
    kmem_cache_free(ramdisk_cachep, addr);
    return -ENOMEM;
  }
  return disk;
}

/** Frees a file that nobody has open. */
export function ramdisk_destroy(disk: ramdisk): void {
  kfree(disk.data);
  kmem_cache_free(ramdisk_cachep, disk.addr);
}

/** Cuts the file off, or fills it up with zeroes. */
export function ramdisk_truncate(disk: ramdisk, size: number): void {
  const bytes = Math.min(size, disk.capacity);
  if (bytes > disk.size) memset(disk.data + disk.size, 0, bytes - disk.size);
  disk.size = bytes;
}

/** Opens the file. @param mode - FMODE_* @param flags - O_APPEND or 0; null if memory is out */
export function ramdisk_open(disk: ramdisk, mode: number, flags: number): file | null {
  const filp = alloc_file(ramdisk_fops, mode, null);
  if (filp === null) return null;
  filp.private_data = disk.addr;
  filp.f_flags = flags;
  return filp;
}
