// SPDX-License-Identifier: GPL-2.0-only
/**
 * Files in memory, with holes: what was never written takes no pages and reads as zeroes.
 *
 * The pages of a file hang in a tree of three levels, each a page of 1024 words:
 *
 *     inode.root ──▶ [ ] ──▶ [ ] ──▶ [ ] ──▶ page         index of the page, 30 bits: 10, 10 and 10
 *
 * NOT LINUX: files end at 4 TiB; a read or write of a hole makes its page, and one process at a time uses a file.
 * @linux mm/shmem.c, lib/radix-tree.c v3.17
 */
import { load32, memset, PAGE_SIZE, store32 } from '../arch/sab/memory.ts';
import { hi32, lo32, struct, u31, u32, type View } from '../arch/sab/struct.ts';
import { alloc_page, page_address, put_page, virt_to_page } from '../mm/page_alloc.ts';
import { defineCache, kmem_cache_alloc } from '../mm/slab.ts';
import { copy_from_user, copy_to_user } from '../mm/uaccess.ts';
import { iovec } from '../uapi/aio_abi.ts';
import { EFAULT, EFBIG, ENOSPC } from '../uapi/errno.ts';
import type { kiocb } from './aio/kioctx.ts';
import { alloc_file, defineFops, type file, O_APPEND } from './file.ts';

const LEVEL_BITS = 10;
const LEVEL_SLOTS = 1 << LEVEL_BITS;
const TOP_SHIFT = 2 * LEVEL_BITS;
/** Bytes that a file can have. */
const BYTES_MAX = PAGE_SIZE * LEVEL_SLOTS ** 3;

export const tmpfs_inode = struct('tmpfs_inode', {
  /** bytes in the file */
  size_lo: u32,
  size_hi: u32,
  /** I: kernel address of the tree's first page */
  root: u31,
});
export type tmpfs_inode = View<typeof tmpfs_inode>;
const inode_cachep = defineCache('tmpfs_inode', tmpfs_inode);

/** A zeroed page. @returns its kernel address, 0 if memory is out */
function zeroPage(): number {
  const fresh = alloc_page();
  return fresh === null ? 0 : page_address(fresh);
}

/** An empty file; null if memory is out. */
export function tmpfs_create(): tmpfs_inode | null {
  const root = zeroPage();
  const addr = root === 0 ? 0 : kmem_cache_alloc(inode_cachep);
  if (addr === 0) return null;
  const inode = tmpfs_inode.at(addr);
  inode.root = root;
  return inode;
}

export const i_size = (inode: tmpfs_inode): number => inode.size_hi * 2 ** 32 + inode.size_lo;
function set_size(inode: tmpfs_inode, bytes: number): void {
  inode.size_lo = bytes >>> 0;
  inode.size_hi = Math.floor(bytes / 2 ** 32);
}

/**
 * Where a byte of the file is.
 * @param make - a page for a hole @returns a kernel address, 0 for a hole or where memory is out
 */
export function tmpfs_byte(inode: tmpfs_inode, pos: number, make: boolean): number {
  const index = Math.floor(pos / PAGE_SIZE);
  let table: number = inode.root;
  for (let shift = TOP_SHIFT; shift >= 0; shift -= LEVEL_BITS) {
    const slot = table + 4 * ((index >>> shift) & (LEVEL_SLOTS - 1));
    table = load32(slot);
    if (table !== 0) continue;
    if (make) table = zeroPage();
    if (table === 0) return 0;
    store32(slot, table);
  }
  return table + (pos % PAGE_SIZE);
}

/** Moves bytes between the vector and the file from `pos` on. @returns bytes moved, or -errno if none could be */
function transfer(
  inode: tmpfs_inode,
  iov: number,
  segments: number,
  pos: number,
  limit: number,
  write: boolean,
): number {
  let done = 0;
  for (let i = 0; i < segments; i++) {
    const v = iovec.at(iov + i * iovec.sizeof);
    const end = Math.min(done + lo32(v.iov_len), limit);
    const start = done;
    while (done < end) {
      const at = tmpfs_byte(inode, pos + done, true);
      if (at === 0) return done > 0 ? done : -ENOSPC;
      const bytes = Math.min(end - done, PAGE_SIZE - (at & (PAGE_SIZE - 1)));
      const va = lo32(v.iov_base) + done - start;
      const left = write ? copy_from_user(at, va, bytes) : copy_to_user(va, at, bytes);
      done += bytes - left;
      if (left !== 0) return done > 0 ? done : -EFAULT;
    }
  }
  return done;
}

const inodeOf = (iocb: kiocb): tmpfs_inode => tmpfs_inode.at(iocb.ki_filp.private_data);
const posOf = (iocb: kiocb): number => (hi32(iocb.ki_pos) >>> 0) * 2 ** 32 + (lo32(iocb.ki_pos) >>> 0);

const tmpfs_fops = defineFops({
  name: 'tmpfs',
  read_iter(iocb, iov, segments, bytes) {
    const inode = inodeOf(iocb);
    const pos = posOf(iocb);
    const size = i_size(inode);
    return pos >= size ? 0 : transfer(inode, iov, segments, pos, Math.min(bytes, size - pos), false);
  },
  write_iter(iocb, iov, segments, bytes) {
    const inode = inodeOf(iocb);
    const pos = (iocb.ki_filp.f_flags & O_APPEND) !== 0 ? i_size(inode) : posOf(iocb);
    if (bytes === 0) return 0;
    if (pos >= BYTES_MAX) return -EFBIG;
    const ret = transfer(inode, iov, segments, pos, Math.min(bytes, BYTES_MAX - pos), true);
    if (ret > 0) set_size(inode, Math.max(i_size(inode), pos + ret));
    return ret;
  },
});

/** Frees what is of no page before `first`. @returns whether nothing is left */
function trim(table: number, shift: number, base: number, first: number): boolean {
  let empty = true;
  for (let i = 0; i < LEVEL_SLOTS; i++) {
    const slot = table + 4 * i;
    const below = load32(slot);
    if (below === 0) continue;
    const start = base + i * 2 ** shift;
    const gone =
      shift === 0 ? start >= first : start + 2 ** shift > first && trim(below, shift - LEVEL_BITS, start, first);
    if (!gone) {
      empty = false;
      continue;
    }
    put_page(virt_to_page(below));
    store32(slot, 0);
  }
  return empty;
}

/** Cuts the file off, or has it end in a hole. */
export function tmpfs_truncate(inode: tmpfs_inode, size: number): void {
  if (size < i_size(inode)) {
    trim(inode.root, TOP_SHIFT, 0, Math.ceil(size / PAGE_SIZE));
    const end = tmpfs_byte(inode, size, false);
    if (end !== 0) memset(end, 0, PAGE_SIZE - (size % PAGE_SIZE));
  }
  set_size(inode, size);
}

/** Opens the file. @param mode - FMODE_* @param flags - O_APPEND or 0; null if memory is out */
export function tmpfs_open(inode: tmpfs_inode, mode: number, flags: number): file | null {
  const filp = alloc_file(tmpfs_fops, mode, null);
  if (filp === null) return null;
  filp.private_data = inode.addr;
  filp.f_flags = flags;
  return filp;
}
