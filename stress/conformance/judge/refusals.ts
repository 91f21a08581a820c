// SPDX-License-Identifier: GPL-2.0-only
/** What v3.17 has against an iocb, from what the trace has written and opened. */
import { IOCB_CMD_FDSYNC, IOCB_CMD_FSYNC, IOCB_FLAG_RESFD, iocb as iocbStruct } from '../../../src/uapi/aio_abi.ts';
import type { Long } from '../trace/kinds.ts';
import type { IocbFields } from '../trace/trace.ts';
import { type History, USER_END } from './history.ts';

type Commands = readonly IocbFields['cmd'][];

export const EINVAL = '-EINVAL';
export const EFAULT = '-EFAULT';
const EBADF = '-EBADF';

const POLL = 5;
const LONG_MAX = 2n ** 63n - 1n;
/** Segments that a vector may have. */
const UIO_MAXIOV = 1024n;

const READS: Commands = ['pread', 'preadv', 0, 7];
const WRITES: Commands = ['pwrite', 'pwritev', 1, 8];
const SINGLE: Commands = ['pread', 'pwrite', 0, 1];
export const VECTORS: Commands = ['preadv', 'pwritev', 7, 8];
const FSYNC_AND_POLL: Commands = ['fsync', 'fdsync', IOCB_CMD_FSYNC, IOCB_CMD_FDSYNC, POLL];

/** Whether it is of a command that moves bytes: only of these do later kernels look at the priority. */
export const movesBytes = ({ cmd }: IocbFields): boolean => READS.includes(cmd) || WRITES.includes(cmd);

/** Iocbs that v3.17 refuses and today's kernel may take, in the order in which v3.17 looks. */
export const REFUSALS = [
  { row: 'word_behind_the_key', error: EINVAL, is: (iocb: IocbFields, _: History) => (iocb.rw_flags ?? 0) !== 0 },
  { row: 'no_fsync_no_poll', error: EINVAL, is: (iocb: IocbFields) => FSYNC_AND_POLL.includes(iocb.cmd) },
  {
    row: 'eventfd_is_not_read',
    error: EINVAL,
    is: ({ cmd, fd }: IocbFields, history: History) =>
      READS.includes(cmd) && history.opened.get(String(fd)) === 'eventfd',
  },
  {
    row: 'length_is_checked_whole',
    error: EFAULT,
    is: ({ cmd, nbytes = 0 }: IocbFields) => SINGLE.includes(cmd) && BigInt(nbytes) >= USER_END,
  },
  {
    row: 'vector_is_counted_whole',
    error: EINVAL,
    is: ({ cmd, nbytes = 0 }: IocbFields) => VECTORS.includes(cmd) && BigInt(nbytes) >= 2n ** 32n,
  },
] as const;

/** A number of 64 bits, which may be written without its sign. */
export const signed = (value: Long): bigint => BigInt.asIntN(64, BigInt(value));
const ofKernel = (buf: string): boolean => buf === 'BAD' || buf === 'MINUS1';

/** What io_submit_one() finds before it looks at the command. */
function beforeTheCommand(iocb: IocbFields, history: History): string | null {
  const { at, reserved2 = 0, rw_flags = 0, nbytes = 0, fd, flags = 0, resfd } = iocb;
  if (typeof at === 'object' && at.mapped < iocbStruct.sizeof) return EFAULT;
  if (signed(reserved2) !== 0n || rw_flags !== 0 || signed(nbytes) < 0n) return EINVAL;
  if (!history.opened.has(String(fd))) return EBADF;
  if ((flags & IOCB_FLAG_RESFD) !== 0) {
    const file = history.opened.get(String(resfd));
    if (file !== 'eventfd') return file === undefined ? EBADF : EINVAL;
  }
  return at === 'readonly' ? EFAULT : null;
}

/** What is wrong with the memory of a request, and in which order. @returns bytes in all, or the error */
function bytesOf({ cmd, buf = 'NULL', nbytes = 0 }: IocbFields, history: History): bigint | string {
  const count = signed(nbytes);
  if (!VECTORS.includes(cmd)) return ofKernel(buf) || count >= USER_END ? EFAULT : count;
  if (count > UIO_MAXIOV) return EINVAL;
  if (count === 0n) return 0n;
  const vector = history.vectors.get(buf);
  if (vector === undefined) return EFAULT;
  let bytes = 0n;
  for (const [base, , length] of vector.slice(0, Number(count))) {
    if (signed(length) < 0n) return EINVAL;
    if (ofKernel(base)) return EFAULT;
    bytes += signed(length);
  }
  return bytes;
}

/** The same from the command on. */
function ofTheCommand(iocb: IocbFields, history: History): string | null {
  const { cmd, fd, offset = 0 } = iocb;
  // A read of the pending device stands for it.
  if (cmd === 'poll') return null;
  const file = history.opened.get(String(fd));
  if (!movesBytes(iocb)) return EINVAL;
  if (file !== 'eventfd' && !file?.mode.includes(READS.includes(cmd) ? 'r' : 'w')) return EBADF;
  if (file === 'eventfd' || file.directory) return EINVAL;
  const bytes = bytesOf(iocb, history);
  if (typeof bytes === 'string') return bytes;
  const position = signed(offset);
  return position < 0n || position + bytes > LONG_MAX ? EINVAL : null;
}

/**
 * The error that v3.17 finds in an iocb for which it has a slot; null if it takes it.
 *
 * The descriptor is to be open since the iocb was written, or not to be open at all.
 */
export function refusalOf(name: string, history: History): string | null {
  const iocb = history.iocbs.get(name);
  // A special pointer: none of them is an iocb.
  if (iocb === undefined) return EFAULT;
  return beforeTheCommand(iocb, history) ?? ofTheCommand(iocb, history);
}
