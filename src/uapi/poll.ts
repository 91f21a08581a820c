// SPDX-License-Identifier: GPL-2.0-only
/** What a file is ready for. @linux include/uapi/asm-generic/poll.h */
export const POLLIN = 1;
export const POLLOUT = 4;
export const POLLERR = 8;
export const POLLHUP = 0x10;
export const POLLRDNORM = 0x40;
export const POLLWRNORM = 0x100;
/** Of a file that has no say in it. @linux include/linux/poll.h */
export const DEFAULT_POLLMASK = POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
