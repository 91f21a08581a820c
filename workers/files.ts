// SPDX-License-Identifier: GPL-2.0-only
/** Files of the pending device that threads open and close while others submit to them. */
import { FD_OPENED } from './layout.ts';
import type { PortKernel } from './port_kernel.ts';
import type { User } from './user.ts';

/** Longest time that a file stays open, us. */
const OPEN_US = 100;

/** One turn: the last reference to the file may then be a request's. */
export function openAndClose(user: User<PortKernel>): void {
  const fd = user.kernel.open_endpoint();
  if (fd < 0) return;
  user.pause(OPEN_US);
  user.kernel.close(fd);
  user.count('closed');
}

/** A descriptor that is open now and then: each destroyer has one. */
export function drawOpened({ plan, prng }: User): number {
  return FD_OPENED + prng.below(plan.roles.filter((role) => role === 'destroyer').length);
}
