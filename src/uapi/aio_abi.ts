// SPDX-License-Identifier: GPL-2.0-only
/** What user space and fs/aio share. @linux include/uapi/linux/aio_abi.h, fs/aio.c struct aio_ring v3.17 */
import { s16, struct, u16, u32, u64, type View } from '../arch/sab/struct.ts';

export const IOCB_CMD_PREAD = 0;
export const IOCB_CMD_PWRITE = 1;
export const IOCB_CMD_FSYNC = 2;
export const IOCB_CMD_FDSYNC = 3;
export const IOCB_CMD_NOOP = 6;
export const IOCB_CMD_PREADV = 7;
export const IOCB_CMD_PWRITEV = 8;
/** aio_resfd names an eventfd to signal. */
export const IOCB_FLAG_RESFD = 1;
export const KIOCB_KEY = 0;

/** A completion, as it stands in the ring and as io_getevents() copies it out. */
export const io_event = struct('io_event', {
  /** the iocb's aio_data */
  data: u64,
  /** user address of the iocb */
  obj: u64,
  /** bytes moved, or -errno */
  res: u64,
  /** second result; always 0 here */
  res2: u64,
});
export type io_event = View<typeof io_event>;

/** A request, in user memory. */
export const iocb = struct('iocb', {
  aio_data: u64,
  /** the kernel writes KIOCB_KEY here at submission */
  aio_key: u32,
  aio_reserved1: u32,
  aio_lio_opcode: u16,
  aio_reqprio: s16,
  aio_fildes: u32,
  aio_buf: u64,
  aio_nbytes: u64,
  aio_offset: u64,
  aio_reserved2: u64,
  aio_flags: u32,
  aio_resfd: u32,
});
export type iocb = View<typeof iocb>;

export const AIO_RING_MAGIC = 0xa10a10a1;
export const AIO_RING_COMPAT_FEATURES = 1;
export const AIO_RING_INCOMPAT_FEATURES = 0;

/** Head of the completion ring, mapped writable into user space: nothing in it can be trusted. Events follow. */
export const aio_ring = struct('aio_ring', {
  /** U: slot in mm->ioctx_table */
  id: u32,
  /** U: slots in the ring; the kernel trusts kioctx.nr_events instead */
  nr: u32,
  /** U: next event to read; stored by user space, or under ring_lock by aio_read_events_ring() */
  head: u32,
  /** U: next event to write; a copy of kioctx.tail */
  tail: u32,
  magic: u32,
  compat_features: u32,
  incompat_features: u32,
  /** bytes */
  header_length: u32,
});
export type aio_ring = View<typeof aio_ring>;

/** One element of a PREADV or PWRITEV vector. */
export const iovec = struct('iovec', {
  iov_base: u64,
  iov_len: u64,
});
export type iovec = View<typeof iovec>;

const abi = (name: string, actual: number, expected: number): void => {
  if (actual !== expected) throw new Error(`${name} is ${actual}, the ABI says ${expected}`);
};
abi('sizeof(struct io_event)', io_event.sizeof, 32);
abi('sizeof(struct aio_ring)', aio_ring.sizeof, 32);
abi('sizeof(struct iocb)', iocb.sizeof, 64);
abi('sizeof(struct iovec)', iovec.sizeof, 16);
abi('offsetof(struct iocb, aio_lio_opcode)', iocb.offsetof.aio_lio_opcode, 16);
abi('offsetof(struct iocb, aio_buf)', iocb.offsetof.aio_buf, 24);
abi('offsetof(struct iocb, aio_resfd)', iocb.offsetof.aio_resfd, 60);
abi('offsetof(struct aio_ring, tail)', aio_ring.offsetof.tail, 12);
