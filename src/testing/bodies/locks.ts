// SPDX-License-Identifier: GPL-2.0-only
/**
 * Locks: what must hold in any critical section, whatever the lock. The body's variant names the lock.
 *
 * All accesses are plain: nothing but the lock keeps the CPUs apart.
 */
import type { Word } from '../../arch/sab/atomic.ts';
import { bss } from '../../arch/sab/bss.ts';
import { type Addr, load32, store32 } from '../../arch/sab/memory.ts';
import { cacheline, embed, struct, words } from '../../arch/sab/struct.ts';
import { busted_lock, busted_unlock } from '../../kernel/locking/lock_busted.ts';
import { mutex, mutex_init, mutex_lock, mutex_trylock, mutex_unlock } from '../../kernel/locking/mutex.ts';
import {
  spin_lock,
  spin_lock_init,
  spin_lock_irq,
  spin_lock_irqsave,
  spin_trylock,
  spin_unlock,
  spin_unlock_irq,
  spin_unlock_irqrestore,
  spinlock_t,
} from '../../kernel/locking/spinlock.ts';
import { INIT_LIST_HEAD, list_add_tail, list_del, list_head, list_next } from '../../lib/list.ts';
import type { Body, Env } from '../body.ts';

const CPUS_MAX = 16;
const data = bss(
  'torture_locks',
  struct('torture_locks', {
    spin: cacheline(embed(spinlock_t)),
    mutex: cacheline(embed(mutex)),
    word: cacheline(words(1)),
    total: cacheline(words(1)),
    owner: cacheline(words(1)),
    head: cacheline(embed(list_head)),
    nodes: words(2 * CPUS_MAX),
  }),
);

/** A lock under test; what lock() returns is unlock()'s. */
interface LockOps {
  lock(): boolean;
  unlock(flags: boolean): void;
}
const ops = (lock: () => unknown, unlock: (flags: boolean) => void): LockOps => ({
  lock: () => lock() === true,
  unlock,
});
export const LOCKS: Readonly<Record<string, LockOps>> = {
  spin_lock: ops(
    () => spin_lock(data.it.spin),
    () => spin_unlock(data.it.spin),
  ),
  spin_lock_irqsave: ops(
    () => spin_lock_irqsave(data.it.spin),
    (flags) => spin_unlock_irqrestore(data.it.spin, flags),
  ),
  spin_lock_irq: ops(
    () => spin_lock_irq(data.it.spin),
    () => spin_unlock_irq(data.it.spin),
  ),
  spin_trylock: ops(
    () => {
      if (!spin_trylock(data.it.spin)) spin_lock(data.it.spin);
    },
    () => spin_unlock(data.it.spin),
  ),
  mutex_lock: ops(
    () => mutex_lock(data.it.mutex),
    () => mutex_unlock(data.it.mutex),
  ),
  mutex_trylock: ops(
    () => {
      if (!mutex_trylock(data.it.mutex)) mutex_lock(data.it.mutex);
    },
    () => mutex_unlock(data.it.mutex),
  ),
  lock_busted: ops(
    () => busted_lock(data.it.spin),
    () => busted_unlock(data.it.spin),
  ),
};

function setup(): void {
  spin_lock_init(data.it.spin, 'test_lock_a');
  mutex_init(data.it.mutex, 'test_lock_b');
}

/** Runs `critical` under the lock, as often as asked for. @returns the errors that it found */
function repeat(env: Env, critical: () => number): { errors: number } {
  const lock = LOCKS[env.variant];
  if (lock === undefined) throw new Error(`there is no lock ${env.variant}`);
  let errors = 0;
  for (let i = 0; i < env.iterations; i++) {
    const flags = lock.lock();
    errors += critical();
    lock.unlock(flags);
  }
  return { errors };
}

const increment = (word: Addr<Word>): void => store32(word, load32(word) + 1);

/** Ten plain increments must make the word ten more. @linux Concurrency Kit, regressions/ck_spinlock/validate.h */
const ten_increments: Body = {
  setup,
  run: (env) =>
    repeat(env, () => {
      const { word } = data.it;
      const before = load32(word);
      for (let i = 0; i < 10; i++) increment(word);
      return load32(word) === ((before + 10) | 0) ? 0 : 1;
    }),
};

/** No increment of all CPUs is lost. */
const shared_counter: Body = {
  setup,
  run: (env) =>
    repeat(env, () => {
      const { total, owner } = data.it;
      const before = load32(total);
      for (let looks = 0; looks < 20; looks++) load32(owner); // so that it takes a while
      store32(total, before + 1);
      return 0;
    }),
  finish: (env) => ({ errors: Math.abs(env.threads * env.iterations - load32(data.it.total)) }),
};

/** Who is inside is alone from the beginning to the end. */
const one_owner: Body = {
  setup,
  run: (env) =>
    repeat(env, () => {
      const { owner } = data.it;
      let errors = load32(owner) === 0 ? 0 : 1;
      store32(owner, env.cpu + 1);
      for (let i = 0; i < 5; i++) if (load32(owner) !== env.cpu + 1) errors++;
      store32(owner, 0);
      return errors === 0 ? 0 : 1;
    }),
};

const node = (cpu: number): Addr<list_head> => (data.it.nodes + list_head.sizeof * cpu) as Addr<list_head>;

/** A list that each CPU keeps moving its entry in stays whole. Broken, it sooner or later ends in a wild access. */
const list: Body = {
  setup: (env) => {
    setup();
    INIT_LIST_HEAD(data.it.head);
    for (let cpu = 0; cpu < env.threads; cpu++) list_add_tail(node(cpu), data.it.head);
  },
  run: (env) =>
    repeat(env, () => {
      list_del(node(env.cpu));
      list_add_tail(node(env.cpu), data.it.head);
      let entries = 0;
      let entry = list_next(data.it.head);
      while (entry !== data.it.head && entries <= env.threads) {
        entry = list_next(entry);
        entries++;
      }
      return entries === env.threads ? 0 : 1;
    }),
};

export const lockBodies = { ten_increments, shared_counter, one_owner, list } as const satisfies Record<string, Body>;
