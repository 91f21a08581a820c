// SPDX-License-Identifier: GPL-2.0-only
/**
 * The quota as it was before d55b5fdaf408 ("aio: remove aio_max_nr accounting race", v2.6.15), transposed: aio_nr was
 * an atomic_t then, and contexts were charged as user space asked for them. Here the charge is v3.17's.
 *
 * A context is charged first, and then the total is tested. Who looks in between sees a charge that will be undone:
 *
 *   CPU 1 (asks for too much)        CPU 2 (asks for little, and there is room)
 *   aio_nr += much
 *                                    aio_nr += little
 *   aio_nr > the limit               aio_nr > the limit: -EAGAIN
 *   aio_nr -= much
 */
import { aio, aio_nr_sub } from '../fs/aio/kioctx.ts';
import { spin_lock, spin_unlock } from '../kernel/locking/spinlock.ts';

/** Charges requests, and takes that back if it was too much. @returns whether it stays @locks takes aio_nr_lock */
export function charge_and_test(requests: number): boolean {
  const g = aio.it;
  spin_lock(g.aio_nr_lock); // as atomic_add() was
  g.aio_nr += requests;
  spin_unlock(g.aio_nr_lock);
  if (g.aio_nr <= g.aio_max_nr * 2) return true;
  aio_nr_sub(requests);
  return false;
}
