// SPDX-License-Identifier: GPL-2.0-only
/** System calls on descriptors, whose table all threads of a process share. */
import { endpoint_open } from '../drivers/endpoint.ts';
import { close_fd, fd_install, files_struct, fput } from '../fs/file.ts';
import { current, kernel_enter, kernel_exit } from '../kernel/sched/core.ts';
import { ENOMEM } from '../uapi/errno.ts';

/** Opens an endpoint. @returns the lowest free descriptor, -ENOMEM or -EMFILE @context user mode */
export function sys_open_endpoint(): number {
  kernel_enter();
  const filp = endpoint_open();
  const fd = filp === null ? -ENOMEM : fd_install(files_struct.at(current.files), filp);
  if (filp !== null && fd < 0) fput(filp);
  kernel_exit();
  return fd;
}

/** @returns 0 or -EBADF @context user mode */
export function sys_close(fd: number): number {
  kernel_enter();
  const ret = close_fd(files_struct.at(current.files), fd);
  kernel_exit();
  return ret;
}
