// SPDX-License-Identifier: GPL-2.0-only
/** IOCB_FLAG_RESFD: an eventfd is told of each completion. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nullb_complete_by_hand } from '../../drivers/null_blk.ts';
import { liveObjects } from '../../mm/slab.ts';
import {
  close,
  inKernel,
  io_getevents,
  io_setup,
  io_submit,
  login,
  logout,
  makeIocb,
  malloc,
  openEventfd,
  openFile,
  openPending,
  setIocb,
} from '../../testing/user.ts';
import { IOCB_FLAG_RESFD } from '../../uapi/aio_abi.ts';
import { EFAULT, errname } from '../../uapi/errno.ts';
import { eventfd_read } from '../eventfd.ts';
import { fget, fput } from '../file.ts';
import { sys_io_cancel, sys_io_destroy } from './syscalls.ts';

let ctx = 0;
let efd = 0;
beforeEach(() => {
  login();
  ctx = io_setup(8);
  efd = openEventfd(0);
});
afterEach(logout);

/** Takes the counter. */
const count = (fd = efd): string =>
  inKernel(() => {
    const filp = fget(fd);
    if (filp.addr === 0) throw new Error(`descriptor ${fd} is not open`);
    const ret = eventfd_read(filp);
    fput(filp);
    return errname(ret);
  });

function read(fd: number, resfd: number, buf = malloc(8)): number {
  const at = makeIocb({ fd, buf, nbytes: 8 });
  setIocb(at, 'aio_flags', IOCB_FLAG_RESFD);
  setIocb(at, 'aio_resfd', resfd);
  return at;
}

test('one for each completion, whether it is read or not', () => {
  const fd = openFile(8);
  expect(count()).toBe('-EAGAIN');
  expect(io_submit(ctx, read(fd, efd), read(fd, efd), read(fd, efd))).toBe(3);
  expect(count()).toBe('3');
  expect(count()).toBe('-EAGAIN');
  expect(io_getevents(ctx, 9)).toHaveLength(3);
  expect(count()).toBe('-EAGAIN');
});

test('on top of what it counts already', () => {
  const other = openEventfd(40);
  const fd = openFile(8);
  expect(io_submit(ctx, read(fd, other), read(fd, efd), read(fd, other))).toBe(3);
  expect([count(), count(other)]).toEqual(['1', '42']);
});

test('an event that is an error counts, a submission that fails does not', () => {
  const fd = openFile(8);
  expect(io_submit(ctx, read(fd, efd, 0))).toBe(1);
  expect(io_getevents(ctx, 9)).toEqual([{ data: 0, res: -EFAULT }]);
  expect(count()).toBe('1');
  const bad = read(fd, efd);
  setIocb(bad, 'aio_fildes', 99);
  expect(io_submit(ctx, bad)).toBe('-EBADF');
  const negative = read(fd, efd);
  setIocb(negative, 'aio_offset', -1);
  expect(io_submit(ctx, read(fd, efd), bad)).toBe(1);
  expect(count()).toBe('1');
});

test('no descriptor, or one of something else', () => {
  const fd = openFile(8);
  for (const resfd of [99, -1]) expect(io_submit(ctx, read(fd, resfd))).toBe('-EBADF');
  expect(io_submit(ctx, read(fd, fd))).toBe('-EINVAL');
});

test('when the request completes, not when it is submitted; and for one that is cancelled', () => {
  const fd = openPending();
  const [one, two] = [read(fd, efd), read(fd, efd)] as const;
  expect(io_submit(ctx, one, two)).toBe(2);
  expect(count()).toBe('-EAGAIN');
  expect(inKernel(() => nullb_complete_by_hand(two, 8))).toBe(true);
  expect(count()).toBe('1');
  expect(errname(sys_io_cancel(ctx, one))).toBe('-EINPROGRESS');
  expect(count()).toBe('-EAGAIN');
  expect(sys_io_destroy(ctx)).toBe(0);
  expect(count()).toBe('1');
});

test('a request keeps the eventfd after its descriptor is closed', () => {
  const fd = openPending();
  const iocb = read(fd, efd);
  expect(io_submit(ctx, iocb)).toBe(1);
  expect(close(efd)).toBe(0);
  expect(liveObjects().get('eventfd_ctx')).toBe(1);
  expect(inKernel(() => nullb_complete_by_hand(iocb, 8))).toBe(true);
  expect(liveObjects().has('eventfd_ctx')).toBe(false);
});
