// SPDX-License-Identifier: GPL-2.0-only
/**
 * Error numbers as user space sees them, and pointers that may be one.
 *
 * @linux include/uapi/asm-generic/errno*.h v3.17
 */

export const EPERM = 1;
export const EINTR = 4;
export const EIO = 5;
export const EBADF = 9;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EFAULT = 14;
export const EBUSY = 16;
export const EXDEV = 18;
export const EINVAL = 22;
export const EMFILE = 24;
export const EFBIG = 27;
export const ENOSPC = 28;
export const EPIPE = 32;
export const ECANCELED = 125;
/** Kernel-internal; user space never sees them. */
export const ERESTARTSYS = 512;
export const ERESTARTNOINTR = 513;
export const ERESTARTNOHAND = 514;
export const ERESTART_RESTARTBLOCK = 516;
export const EIOCBQUEUED = 529;
export const EINPROGRESS = 115;

const NAMES = new Map<number, string>(
  Object.entries({
    EPERM,
    EINTR,
    EIO,
    EBADF,
    EAGAIN,
    ENOMEM,
    EFAULT,
    EBUSY,
    EXDEV,
    EINVAL,
    EMFILE,
    EFBIG,
    ENOSPC,
    EPIPE,
    ECANCELED,
    ERESTARTSYS,
    ERESTARTNOINTR,
    ERESTARTNOHAND,
    ERESTART_RESTARTBLOCK,
    EIOCBQUEUED,
    EINPROGRESS,
  }).map(([name, value]) => [value, name]),
);

/** `-22` as `-EINVAL`; what is no error as a number. */
export const errname = (ret: number): string => {
  const name = ret < 0 ? NAMES.get(-ret) : undefined;
  return name === undefined ? String(ret) : `-${name}`;
};

/** What a function that returns a pointer or an error returns. */
export const IS_ERR = (x: unknown): x is number => typeof x === 'number';

/** All that errname() makes of an error. */
export const ERROR_NAMES: readonly string[] = [...NAMES.values()].map((name) => `-${name}`);
