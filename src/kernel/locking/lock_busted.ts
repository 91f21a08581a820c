// SPDX-License-Identifier: GPL-2.0-only
/**
 * A spinlock that does not lock, so that every lock test can show that it would notice.
 *
 * BUGGY, for tests only: it looks, and then takes, in two steps.
 * @linux kernel/locking/locktorture.c torture_lock_busted_write_lock() v3.17
 */
import { type Addr, load32, store32 } from '../../arch/sab/memory.ts';
import { FREE, LOCKED, type spinlock_t } from './spinlock.ts';

export function busted_lock(lock: Addr<spinlock_t>): void {
  for (let probes = 1000; probes > 0 && load32(lock) !== FREE; probes--);
  store32(lock, LOCKED);
}

export function busted_unlock(lock: Addr<spinlock_t>): void {
  store32(lock, FREE);
}
