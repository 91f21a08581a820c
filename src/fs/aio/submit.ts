// SPDX-License-Identifier: GPL-2.0-only
/**
 * Submission: from an iocb in user memory to a call of the file's method.
 *
 * @linux fs/aio.c aio_run_iocb(), io_submit_one(), do_io_submit() v3.17; fs/read_write.c rw_copy_check_uvector()
 */
import { atomic_dec, atomic_inc } from '../../arch/sab/atomic.ts';
import { copy64, hi32, lo32, set64 } from '../../arch/sab/struct.ts';
import { stack_alloc, stack_free } from '../../kernel/sched/core.ts';
import { percpu_ref_put } from '../../lib/percpu-refcount.ts';
import { kfree, kzalloc } from '../../mm/slab.ts';
import { access_ok, copy_from_user, get_user_pointer, put_user, user_fault } from '../../mm/uaccess.ts';
import { fixed } from '../../reverts/registry.ts';
import {
  IOCB_CMD_FDSYNC,
  IOCB_CMD_FSYNC,
  IOCB_CMD_PREAD,
  IOCB_CMD_PREADV,
  IOCB_CMD_PWRITE,
  IOCB_CMD_PWRITEV,
  IOCB_FLAG_RESFD,
  iocb,
  iovec,
  KIOCB_KEY,
} from '../../uapi/aio_abi.ts';
import {
  EAGAIN,
  EBADF,
  EFAULT,
  EINTR,
  EINVAL,
  EIOCBQUEUED,
  ENOMEM,
  ERESTART_RESTARTBLOCK,
  ERESTARTNOHAND,
  ERESTARTNOINTR,
  ERESTARTSYS,
  IS_ERR,
} from '../../uapi/errno.ts';
import { eventfd_ctx_fdget } from '../eventfd.ts';
import { type FileOperations, FMODE_READ, FMODE_WRITE, f_op, fget, type file, fput, get_file } from '../file.ts';
import { aio_complete } from './completion.ts';
import type { kiocb, kioctx } from './kioctx.ts';
import { aio_get_req, kiocb_free, put_reqs_available } from './requests.ts';
import { lookup_ioctx } from './setup.ts';

const IOCB_BYTES = iocb.sizeof;
const IOVEC_BYTES = iovec.sizeof;
const KEY_AT = iocb.offsetof.aio_key;

/** Segments that a vector may have, and how many of them are kept on the stack. */
const UIO_MAXIOV = 1024;
const UIO_FASTIOV = 8;
/** Most bytes that one request moves. */
const MAX_RW_COUNT = 0x7fff_f000;
/** A user pointer is 64 bits wide. */
const USER_POINTER_BYTES = 8;
const LONG_MAX_HI = 0x7fff_ffff;
const U32_MAX = 0xffff_ffff;

/**
 * Imports a PREADV or PWRITEV vector of `segments` elements, cutting what is too much in all.
 * @param to - kernel address of room for it
 * @returns bytes in all, -EFAULT, or -EINVAL
 */
function import_iovec(to: number, user_vec: number, segments: number): number {
  if (copy_from_user(to, user_vec, segments * IOVEC_BYTES) !== 0) return -EFAULT;
  let total = 0;
  for (let i = 0; i < segments; i++) {
    const v = iovec.at(to + i * IOVEC_BYTES);
    const bytes = lo32(v.iov_len);
    const hi = hi32(v.iov_len);
    if (hi < 0) return -EINVAL;
    if (hi !== 0 || bytes < 0 || !access_ok(lo32(v.iov_base), bytes, hi32(v.iov_base))) return -EFAULT;
    const taken = Math.min(bytes, MAX_RW_COUNT - total);
    set64(v.iov_len, taken, 0);
    total += taken;
  }
  return total;
}

/** Neither position nor end may be negative. @returns 0 or -EINVAL @linux fs/read_write.c rw_verify_area() v3.17 */
function rw_verify_area(req: kiocb): number {
  const hi = hi32(req.ki_pos);
  if (hi < 0) return -EINVAL;
  return hi === LONG_MAX_HI && (lo32(req.ki_pos) >>> 0) + req.ki_nbytes > U32_MAX ? -EINVAL : 0;
}

/** Begins a write on the file's file system. NOT LINUX: counted in the file */
const file_start_write = (filp: file): void => atomic_inc(filp.writers);
/** Ends it. */
const file_end_write = (filp: file): void => atomic_dec(filp.writers);

type Readable = Required<Pick<FileOperations, 'read_iter'>>;
type Writable = Required<Pick<FileOperations, 'write_iter'>>;

/** @param bytes_hi - upper half of aio_nbytes @returns bytes, or -errno; nothing has been completed then */
function aio_run_rw(req: kiocb, filp: file, opcode: number, buf_lo: number, buf_hi: number, bytes_hi: number): number {
  const write = opcode === IOCB_CMD_PWRITE || opcode === IOCB_CMD_PWRITEV;
  if ((filp.f_mode & (write ? FMODE_WRITE : FMODE_READ)) === 0) return -EBADF;
  const ops = f_op(filp);
  if ((write ? ops.write_iter : ops.read_iter) === undefined) return -EINVAL;

  const vectored = opcode === IOCB_CMD_PREADV || opcode === IOCB_CMD_PWRITEV;
  const segments = vectored ? req.ki_nbytes : 1;
  let ret = 0;
  let started = false;
  if (vectored && (bytes_hi !== 0 || segments > UIO_MAXIOV)) return -EINVAL;
  if (vectored && segments !== 0 && buf_hi !== 0) return -EFAULT;
  if (!vectored && (bytes_hi !== 0 || !access_ok(buf_lo, req.ki_nbytes, buf_hi))) return -EFAULT;
  const iovBytes = IOVEC_BYTES * Math.max(segments, 1);
  const inline = segments <= UIO_FASTIOV;
  const iov = inline ? stack_alloc(iovBytes) : kzalloc(iovBytes);
  out: {
    if (iov === 0) {
      ret = -ENOMEM;
      break out;
    }
    if (vectored) {
      ret = import_iovec(iov, buf_lo, segments);
      if (ret < 0) break out;
      req.ki_nbytes = ret;
    } else {
      const v = iovec.at(iov);
      set64(v.iov_base, buf_lo, 0);
      set64(v.iov_len, req.ki_nbytes, 0);
    }
    ret = rw_verify_area(req);
    if (ret !== 0) break out;
    const bytes = Math.min(req.ki_nbytes, MAX_RW_COUNT);
    req.ki_nbytes = bytes;
    if (fixed.hold_file_reference) get_file(filp); // else: the request's may be the last, and it complete
    if (write) {
      file_start_write(filp);
      ret = (ops as Writable).write_iter(req, iov, segments, bytes);
      file_end_write(filp);
    } else {
      ret = (ops as Readable).read_iter(req, iov, segments, bytes);
    }
    if (fixed.hold_file_reference) fput(filp);
    started = true;
  }
  if (inline) stack_free(iovBytes);
  else kfree(iov);
  if (!started) return ret;
  aio_run_done(req, ret);
  return 0;
}

/** Completes the request unless it is queued. On -EIOCBQUEUED it may be gone already. */
function aio_run_done(req: kiocb, ret: number): void {
  if (ret === -EIOCBQUEUED) return;
  if (ret === -ERESTARTSYS || ret === -ERESTARTNOINTR || ret === -ERESTARTNOHAND || ret === -ERESTART_RESTARTBLOCK) {
    // There is no syscall that could be restarted.
    ret = -EINTR;
  }
  aio_complete(req, ret, 0);
}

/** Runs a request. @returns 0 if it is complete or queued, or -errno: then it is still the caller's */
function aio_run_iocb(req: kiocb, tmp: iocb): number {
  const filp = req.ki_filp;
  const opcode = tmp.aio_lio_opcode;
  switch (opcode) {
    case IOCB_CMD_PREAD:
    case IOCB_CMD_PREADV:
    case IOCB_CMD_PWRITE:
    case IOCB_CMD_PWRITEV:
      return aio_run_rw(req, filp, opcode, lo32(tmp.aio_buf), hi32(tmp.aio_buf), hi32(tmp.aio_nbytes));
    case IOCB_CMD_FDSYNC:
    case IOCB_CMD_FSYNC: {
      const ops = f_op(filp);
      if (ops.aio_fsync === undefined) return -EINVAL;
      aio_run_done(req, ops.aio_fsync(req, opcode === IOCB_CMD_FDSYNC));
      return 0;
    }
    default:
      return -EINVAL;
  }
}

/** @param user_iocb - user address of the iocb @param tmp - the kernel's copy @returns 0 or -errno */
function io_submit_one(ctx: kioctx, user_iocb: number, tmp: iocb): number {
  if (tmp.aio_reserved1 !== 0 || lo32(tmp.aio_reserved2) !== 0 || hi32(tmp.aio_reserved2) !== 0) return -EINVAL;
  if (hi32(tmp.aio_nbytes) < 0) return -EINVAL;

  const req = aio_get_req(ctx);
  if (req.addr === 0) return -EAGAIN;
  let ret = 0;
  out_put_req: {
    const filp = fget(tmp.aio_fildes | 0);
    if (filp.addr === 0) {
      ret = -EBADF;
      break out_put_req;
    }
    req.ki_filp = filp;
    if ((tmp.aio_flags & IOCB_FLAG_RESFD) !== 0) {
      const eventfd = eventfd_ctx_fdget(tmp.aio_resfd | 0);
      if (IS_ERR(eventfd)) {
        ret = eventfd;
        break out_put_req;
      }
      req.ki_eventfd = eventfd;
    }
    put_user(KIOCB_KEY, user_iocb + KEY_AT);
    if (user_fault()) {
      ret = -EFAULT;
      break out_put_req;
    }
    set64(req.ki_obj, user_iocb, 0);
    copy64(req.ki_user_data, tmp.aio_data);
    copy64(req.ki_pos, tmp.aio_offset);
    req.ki_nbytes = lo32(tmp.aio_nbytes);
    ret = aio_run_iocb(req, tmp);
    if (ret !== 0) break out_put_req;
    return 0;
  }
  put_reqs_available(ctx, 1);
  if (fixed.refcount_requests) percpu_ref_put(ctx.reqs); // else: requests are not counted
  kiocb_free(req);
  return ret;
}

/**
 * Submits up to `nr` requests; the first error ends it.
 * @param iocbpp - user address of an array of pointers to iocbs
 * @returns requests submitted; if there is none, the error
 */
export function do_io_submit(ctx_id: number, nr: number, iocbpp: number): number {
  if (nr < 0) return -EINVAL;
  if (!access_ok(iocbpp, nr * USER_POINTER_BYTES)) return -EFAULT;
  const ctx = lookup_ioctx(ctx_id);
  if (ctx === null) return -EINVAL;

  const tmp = iocb.at(stack_alloc(IOCB_BYTES));
  let ret = 0;
  let i = 0;
  for (; i < nr; i++) {
    const user_iocb = get_user_pointer(iocbpp + i * USER_POINTER_BYTES);
    ret = user_fault() ? -EFAULT : 0;
    if (ret === 0 && copy_from_user(tmp.addr, user_iocb, IOCB_BYTES) !== 0) ret = -EFAULT;
    if (ret === 0) ret = io_submit_one(ctx, user_iocb, tmp);
    if (ret !== 0) break;
  }
  stack_free(IOCB_BYTES);
  percpu_ref_put(ctx.users);
  return i > 0 ? i : ret;
}
