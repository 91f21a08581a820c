// SPDX-License-Identifier: GPL-2.0-only
/** eventfd in one thread: sums, carries, references. */
import { beforeEach, expect, it } from 'vitest';
import type { Machine } from '../init/machine.ts';
import { rcu_gp_kthread } from '../kernel/rcu/tree.ts';
import { current } from '../kernel/sched/core.ts';
import { liveObjects } from '../mm/slab.ts';
import { boot, kinds } from '../testing/boot.ts';
import { EAGAIN, EBADF } from '../uapi/errno.ts';
import {
  eventfd_ctx,
  eventfd_ctx_fdget,
  eventfd_ctx_put,
  eventfd_file_create,
  eventfd_read,
  eventfd_signal,
} from './eventfd.ts';
import { close_fd, fd_install, type file, files_alloc, files_free, type files_struct, fput } from './file.ts';

let machine: Machine;
let filp: file;
let ctx: eventfd_ctx;
beforeEach(() => {
  machine = boot();
  filp = eventfd_file_create(0) as file;
  ctx = eventfd_ctx.at(filp.private_data);
});
const left = (): string[] => [...liveObjects().keys()].filter((name) => /eventfd|filp|files/.test(name));

it('sums up, and is empty when it has been read', () => {
  expect(eventfd_read(filp)).toBe(-EAGAIN);
  eventfd_signal(ctx, 2);
  eventfd_signal(ctx, 40);
  expect([eventfd_read(filp), eventfd_read(filp)]).toEqual([42, -EAGAIN]);
});
it('carries into the upper word', () => {
  ctx.count_lo = 0xffff_ffff;
  eventfd_signal(ctx, 2);
  expect([ctx.count_lo, ctx.count_hi]).toEqual([1, 1]);
  expect(eventfd_read(filp)).toBe(2 ** 32 + 1);
  expect([ctx.count_lo, ctx.count_hi]).toEqual([0, 0]);
});
it('outlives its descriptor while somebody has it', () => {
  const files = files_alloc() as files_struct;
  current.files = files.addr;
  const fd = fd_install(files, filp);
  const got = eventfd_ctx_fdget(fd);
  expect(got).toEqual(ctx);
  expect(eventfd_ctx_fdget(fd + 1)).toBe(-EBADF);
  expect(eventfd_ctx_fdget(-1)).toBe(-EBADF);
  expect(close_fd(files, fd)).toBe(0);
  expect(close_fd(files, fd)).toBe(-EBADF);
  eventfd_signal(ctx, 1);
  expect(ctx.count_lo).toBe(1);
  eventfd_ctx_put(ctx);
  current.files = 0;
  files_free(files);
  rcu_gp_kthread(() => true);
  expect([left(), kinds(machine)]).toEqual([[], []]);
});
it('is freed with its file', () => {
  fput(filp);
  expect(left()).toEqual(['filp']);
  rcu_gp_kthread(() => true);
  expect(left()).toEqual([]);
});
