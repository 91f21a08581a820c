// SPDX-License-Identifier: GPL-2.0-only
/**
 * Pipes: sixteen pages in a circle between two files.
 *
 *     curbuf        curbuf + nrbufs
 *       ▼                 ▼
 *     [ data ][ data ][ data  ] [      ] …      a write fills the last page up before it takes another one,
 *       ▲ offset          ▲ offset + len        if all that is left over of it fits
 *
 * Locks: L = pipe.mutex.
 * NOT LINUX: both ends are O_NONBLOCK, so nobody waits; who polls hears of it by wake_up_poll().
 * @linux fs/pipe.c v3.17
 */
import { atomic_dec, atomic_dec_and_test, atomic_read, atomic_set } from '../arch/sab/atomic.ts';
import { load32, PAGE_SIZE, store32 } from '../arch/sab/memory.ts';
import { atomic_t, embed, lo32, struct, u32, type View, words } from '../arch/sab/struct.ts';
import { mutex, mutex_init, mutex_lock, mutex_unlock } from '../kernel/locking/mutex.ts';
import { alloc_page, kmap_atomic, page, put_page } from '../mm/page_alloc.ts';
import { defineCache, kmem_cache_alloc, kmem_cache_free } from '../mm/slab.ts';
import { copy_from_user, copy_to_user } from '../mm/uaccess.ts';
import { iovec } from '../uapi/aio_abi.ts';
import { EAGAIN, EFAULT, ENOMEM, EPIPE } from '../uapi/errno.ts';
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from '../uapi/poll.ts';
import { alloc_file, defineFops, FMODE_READ, FMODE_WRITE, type file, wake_up_poll } from './file.ts';

const PIPE_BUFFERS = 16;

const pipe_inode_info = struct('pipe_inode_info', {
  mutex: embed(mutex),
  /** A: open files of each end, and of both */
  readers: atomic_t,
  writers: atomic_t,
  files: atomic_t,
  /** L: the first page with data, and how many have some */
  curbuf: u32,
  nrbufs: u32,
  /** L: of each: address of its struct page */
  page: words(PIPE_BUFFERS),
  /** L: where its data begins, and how many bytes there are */
  offset: words(PIPE_BUFFERS),
  len: words(PIPE_BUFFERS),
});
type pipe_inode_info = View<typeof pipe_inode_info>;
const pipe_cachep = defineCache('pipe_inode_info', pipe_inode_info);

const pipeOf = (filp: file): pipe_inode_info => pipe_inode_info.at(filp.private_data);

/** Where the user's bytes are that come next. */
interface Cursor {
  readonly iov: number;
  readonly segments: number;
  segment: number;
  done: number;
}
const cursor = (iov: number, segments: number): Cursor => ({ iov, segments, segment: 0, done: 0 });

/** Moves bytes between a page and user memory. @returns bytes moved: fewer where user memory ends */
function copy(at: number, bytes: number, to: Cursor, write: boolean): number {
  let moved = 0;
  while (moved < bytes && to.segment < to.segments) {
    const v = iovec.at(to.iov + to.segment * iovec.sizeof);
    const part = Math.min(bytes - moved, lo32(v.iov_len) - to.done);
    const va = lo32(v.iov_base) + to.done;
    const left = write ? copy_from_user(at + moved, va, part) : copy_to_user(va, at + moved, part);
    moved += part - left;
    to.done += part - left;
    if (left !== 0) break;
    if (to.done === lo32(v.iov_len)) {
      to.segment++;
      to.done = 0;
    }
  }
  return moved;
}

/** @param iov - kernel address of an array of struct iovec @param bytes - in all @returns bytes, or -errno */
export function pipe_read(filp: file, iov: number, segments: number, bytes: number): number {
  if (bytes === 0) return 0;
  const pipe = pipeOf(filp);
  const to = cursor(iov, segments);
  let ret = 0;
  let wasFull = false;
  mutex_lock(pipe.mutex);
  while (pipe.nrbufs > 0 && ret < bytes) {
    const at = 4 * pipe.curbuf;
    const len = load32(pipe.len + at);
    const offset = load32(pipe.offset + at);
    const chars = Math.min(len, bytes - ret);
    const copied = copy(kmap_atomic(load32(pipe.page + at)) + offset, chars, to, false);
    if (copied < chars) {
      // What was copied of this page is not counted, and comes again.
      if (ret === 0) ret = -EFAULT;
      break;
    }
    ret += chars;
    store32(pipe.offset + at, offset + chars);
    store32(pipe.len + at, len - chars);
    if (len > chars) continue;
    wasFull ||= pipe.nrbufs === PIPE_BUFFERS;
    put_page(page.at(load32(pipe.page + at)));
    pipe.curbuf = (pipe.curbuf + 1) % PIPE_BUFFERS;
    pipe.nrbufs -= 1;
  }
  if (ret === 0 && atomic_read(pipe.writers) > 0) ret = -EAGAIN;
  mutex_unlock(pipe.mutex);
  if (wasFull) wake_up_poll(pipe.addr, FMODE_WRITE, POLLOUT | POLLWRNORM);
  return ret;
}

/** Fills up the last page with what is over of whole ones. @returns bytes, 0 if they do not fit, or -EFAULT */
function merge(pipe: pipe_inode_info, from: Cursor, bytes: number): number {
  const chars = bytes & (PAGE_SIZE - 1);
  if (pipe.nrbufs === 0 || chars === 0) return 0;
  const at = 4 * ((pipe.curbuf + pipe.nrbufs - 1) % PIPE_BUFFERS);
  const end = load32(pipe.offset + at) + load32(pipe.len + at);
  if (end + chars > PAGE_SIZE) return 0;
  if (copy(kmap_atomic(load32(pipe.page + at)) + end, chars, from, true) < chars) return -EFAULT;
  store32(pipe.len + at, load32(pipe.len + at) + chars);
  return chars;
}

/** Fills one more page. @returns bytes, or -errno */
function append(pipe: pipe_inode_info, from: Cursor, bytes: number): number {
  if (pipe.nrbufs === PIPE_BUFFERS) return -EAGAIN;
  const fresh = alloc_page();
  if (fresh === null) return -ENOMEM;
  const chars = Math.min(bytes, PAGE_SIZE);
  const copied = copy(kmap_atomic(fresh.addr), chars, from, true);
  if (copied < chars) {
    put_page(fresh);
    return -EFAULT;
  }
  const at = 4 * ((pipe.curbuf + pipe.nrbufs) % PIPE_BUFFERS);
  store32(pipe.page + at, fresh.addr);
  store32(pipe.offset + at, 0);
  store32(pipe.len + at, chars);
  pipe.nrbufs += 1;
  return chars;
}

/** The same for writing. A writer whom nobody can hear gets SIGPIPE, too, which processes here ignore. */
export function pipe_write(filp: file, iov: number, segments: number, bytes: number): number {
  if (bytes === 0) return 0;
  const pipe = pipeOf(filp);
  const from = cursor(iov, segments);
  mutex_lock(pipe.mutex);
  let ret = atomic_read(pipe.readers) === 0 ? -EPIPE : merge(pipe, from, bytes);
  while (ret >= 0 && ret < bytes) {
    const more = append(pipe, from, bytes - ret);
    if (more > 0) ret += more;
    else {
      if (ret === 0) ret = more;
      break;
    }
  }
  mutex_unlock(pipe.mutex);
  if (ret > 0) wake_up_poll(pipe.addr, FMODE_READ, POLLIN | POLLRDNORM);
  return ret;
}

function pipe_poll(filp: file): number {
  const pipe = pipeOf(filp);
  let mask = 0;
  if ((filp.f_mode & FMODE_READ) !== 0) {
    mask = (pipe.nrbufs > 0 ? POLLIN | POLLRDNORM : 0) | (atomic_read(pipe.writers) === 0 ? POLLHUP : 0);
  }
  if ((filp.f_mode & FMODE_WRITE) !== 0) {
    mask |= (pipe.nrbufs < PIPE_BUFFERS ? POLLOUT | POLLWRNORM : 0) | (atomic_read(pipe.readers) === 0 ? POLLERR : 0);
  }
  return mask;
}

/** NOT LINUX: takes no mutex, because here a completion may drop the last reference. @context any; does not sleep */
function pipe_release(filp: file): void {
  const pipe = pipeOf(filp);
  atomic_dec((filp.f_mode & FMODE_READ) !== 0 ? pipe.readers : pipe.writers);
  if (atomic_dec_and_test(pipe.files)) free_pipe_info(pipe);
  else wake_up_poll(pipe.addr, FMODE_READ | FMODE_WRITE, 0);
}

function free_pipe_info(pipe: pipe_inode_info): void {
  for (let i = 0; i < pipe.nrbufs; i++) {
    put_page(page.at(load32(pipe.page + 4 * ((pipe.curbuf + i) % PIPE_BUFFERS))));
  }
  kmem_cache_free(pipe_cachep, pipe.addr);
}

const pipe_fops = defineFops({
  name: 'pipe',
  read_iter: (iocb, iov, segments, bytes) => pipe_read(iocb.ki_filp, iov, segments, bytes),
  write_iter: (iocb, iov, segments, bytes) => pipe_write(iocb.ki_filp, iov, segments, bytes),
  poll: pipe_poll,
  release: pipe_release,
});

/** Both ends of a new pipe. @returns them, or -ENOMEM */
export function create_pipe_files(): readonly [r: file, w: file] | number {
  const addr = kmem_cache_alloc(pipe_cachep);
  if (addr === 0) return -ENOMEM;
  const pipe = pipe_inode_info.at(addr);
  mutex_init(pipe.mutex, 'pipe_mutex');
  const r = alloc_file(pipe_fops, FMODE_READ, null);
  const w = alloc_file(pipe_fops, FMODE_WRITE, null);
  if (r === null || w === null) {
    kmem_cache_free(pipe_cachep, addr);
    return -ENOMEM;
  }
  r.private_data = addr;
  w.private_data = addr;
  atomic_set(pipe.readers, 1);
  atomic_set(pipe.writers, 1);
  atomic_set(pipe.files, 2);
  return [r, w];
}
