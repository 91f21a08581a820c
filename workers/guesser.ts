// SPDX-License-Identifier: GPL-2.0-only
/** Threads that make contexts of which nobody is told, and threads that destroy contexts which they guess. */
import { PAGE_SIZE } from '../src/arch/sab/memory.ts';
import { MMAP_BASE } from '../src/mm/mm_types.ts';
import { errname } from '../src/uapi/errno.ts';
import type { PortKernel } from './port_kernel.ts';
import type { User } from './user.ts';

/** One turn: makes a context whose handle is to be stored where nothing can be stored. */
export function setupUntold(user: User<PortKernel>): void {
  const { kernel, plan } = user;
  user.count(`setup ${errname(kernel.io_setup(plan.workload.nrEventsMin, kernel.process.zeroes))}`);
  user.progress();
}

/** One turn: a handle is where its ring is mapped, which is the lowest address that is free. */
export function destroyGuessed(user: User): void {
  const pages = user.plan.roles.filter((role) => role === 'submitter').length;
  user.destroy(MMAP_BASE + PAGE_SIZE * user.prng.below(pages));
}
