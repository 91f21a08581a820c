// SPDX-License-Identifier: GPL-2.0-only
/** Every lock on real threads, by one validator. */
import { afterAll, beforeAll, describe } from 'vitest';
import { describeBustedLock, describeLock } from '../../testing/describe_lock.ts';
import { TorturePool } from '../../testing/pool.ts';

let pool: TorturePool;
beforeAll(() => {
  pool = new TorturePool(4);
});
afterAll(() => pool.destroy());

describe('locks', () => {
  for (const lock of [
    'spin_lock',
    'spin_lock_irqsave',
    'spin_lock_irq',
    'spin_trylock',
    'mutex_lock',
    'mutex_trylock',
  ]) {
    describeLock(lock, () => pool);
  }
  describeBustedLock('lock_busted', () => pool);
});
