// SPDX-License-Identifier: GPL-2.0-only
/** One lock, two CPUs, one contention, made and not hoped for; and deaths, for the tests of the pool. */
import { atomic_read, smp_store_release, type Word } from '../../arch/sab/atomic.ts';
import { bss } from '../../arch/sab/bss.ts';
import { type Addr, load32 } from '../../arch/sab/memory.ts';
import { park } from '../../arch/sab/park.ts';
import { atomic_t, cacheline, embed, struct } from '../../arch/sab/struct.ts';
import { mutex, mutex_init, mutex_lock, mutex_unlock } from '../../kernel/locking/mutex.ts';
import { CONTENDED, spin_lock, spin_lock_init, spin_unlock, spinlock_t } from '../../kernel/locking/spinlock.ts';
import { synchronize_rcu } from '../../kernel/rcu/tree.ts';
import type { Body, Counts, Env } from '../body.ts';

const data = bss(
  'torture_contention',
  struct('torture_contention', {
    spin: cacheline(embed(spinlock_t)),
    mutex: cacheline(embed(mutex)),
    held: cacheline(atomic_t),
  }),
);

function setup(): void {
  spin_lock_init(data.it.spin, 'test_lock_a');
  mutex_init(data.it.mutex, 'test_lock_b');
}

function spinUntil(env: Env, word: Addr<Word>, value: number): void {
  while (atomic_read(word) !== value) env.goOn();
}

/** CPU 0 takes the lock and keeps it until CPU 1 waits for it. */
function contend(env: Env, lock: number, take: () => void, whileHeld: () => void, release: () => void): Counts {
  if (env.cpu === 0) {
    take();
    smp_store_release(data.it.held, 1);
    spinUntil(env, lock as Addr<Word>, CONTENDED);
    whileHeld();
    release();
  } else {
    spinUntil(env, data.it.held, 1);
    take();
    release();
  }
  return {};
}

const contended_spinlock: Body = {
  setup,
  run: (env) => {
    const { spin } = data.it;
    return contend(
      env,
      spin,
      () => spin_lock(spin),
      () => {},
      () => spin_unlock(spin),
    );
  },
};

/** A waiter for a mutex is quiescent: its owner can wait for a grace period. */
const contended_mutex: Body = {
  daemons: ['rcu'],
  setup,
  run: (env) => {
    const lock = data.it.mutex;
    return contend(
      env,
      lock,
      () => mutex_lock(lock),
      synchronize_rcu,
      () => mutex_unlock(lock),
    );
  },
};

function holdUntilAwaited(env: Env): void {
  const { spin, held } = data.it;
  spin_lock(spin);
  smp_store_release(held, 1);
  spinUntil(env, spin as number as Addr<Word>, CONTENDED);
  smp_store_release(held, 0);
  spin_unlock(spin);
}
function waitForHolder(env: Env): void {
  spinUntil(env, data.it.held, 1);
  spin_lock(data.it.spin);
  spin_unlock(data.it.spin);
}
/** As contended_spinlock, over and over, each CPU in a function of its own. */
const awaited_lock: Body = {
  setup,
  run: (env) => {
    for (let n = 0; n < env.iterations; n++) {
      if (env.cpu === 0) holdUntilAwaited(env);
      else waitForHolder(env);
      env.meet();
    }
    return {};
  },
};

/** A lock that nobody waits for. Variants: `one` CPU takes it every time, or all take it in `turns`. */
const lock_in_turns: Body = {
  setup,
  run: (env) => {
    for (let n = 0; n < env.iterations; n++) {
      const whose = env.variant === 'one' ? 0 : n % env.threads;
      if (env.cpu === whose) {
        spin_lock(data.it.spin);
        spin_unlock(data.it.spin);
      }
      env.meet();
    }
    return {};
  },
};

/** CPU 1 follows a NULL pointer, the others wait for it. */
const null_dereference: Body = {
  run: (env) => {
    if (env.cpu === 1) load32(8);
    park(data.it.held, 0);
    return {};
  },
};

export const contentionBodies = {
  contended_spinlock,
  contended_mutex,
  awaited_lock,
  lock_in_turns,
  null_dereference,
} as const satisfies Record<string, Body>;
