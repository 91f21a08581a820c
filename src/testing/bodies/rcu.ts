// SPDX-License-Identifier: GPL-2.0-only
/**
 * RCU: CPU 0 replaces an object and frees the old one, the others read whichever they find.
 *
 * Variants: `call_rcu`, `synchronize_rcu`, and `no_grace_period`, which frees at once and must be caught.
 */
import { atomic_inc, smp_load_acquire, xchg } from '../../arch/sab/atomic.ts';
import { bss } from '../../arch/sab/bss.ts';
import { fn } from '../../arch/sab/functable.ts';
import { type Addr, load32, store32 } from '../../arch/sab/memory.ts';
import { container_of, embed, struct, u32, words } from '../../arch/sab/struct.ts';
import {
  call_rcu,
  rcu_barrier,
  rcu_completed,
  rcu_head,
  rcu_pending,
  rcu_read_lock,
  rcu_read_unlock,
  synchronize_rcu,
} from '../../kernel/rcu/tree.ts';
import { kernel_enter, kernel_exit } from '../../kernel/sched/core.ts';
import { defineCache, kmem_cache_alloc, kmem_cache_free, liveObjects } from '../../mm/slab.ts';
import type { Body, Counts, Env } from '../body.ts';

const STAMPS = 6;
const object = struct('torture_rcu_object', { rcu: embed(rcu_head), stamps: words(STAMPS) });
const cachep = defineCache('torture_rcu_object', object);
const data = bss('torture_rcu', struct('torture_rcu', { current: u32, reading: u32, done: u32 }));

const free_object = fn('torture_rcu_free', (head: Addr<rcu_head>) => {
  kmem_cache_free(cachep, container_of(head, object, 'rcu').addr);
});

/** An object whose words all hold the stamp. */
function makeObject(stamp: number): number {
  const addr = kmem_cache_alloc(cachep);
  for (let i = 0; i < STAMPS; i++) store32(object.at(addr).stamps + 4 * i, stamp);
  return addr;
}

/** Callbacks that may wait before the updater waits for them. */
const PENDING_MAX = 500;

/** Lets grace periods end, and this thread be stopped. */
function toUserModeAndBack(env: Env): void {
  kernel_exit();
  env.goOn();
  kernel_enter();
}

function update(env: Env): Counts {
  // Not before every reader reads: the updates may be over sooner than a thread has started.
  while (smp_load_acquire(data.it.$reading) < env.threads - 1) toUserModeAndBack(env);
  for (let stamp = 2; stamp < env.iterations + 2; stamp++) {
    const old = xchg(data.it.$current, makeObject(stamp));
    if (env.variant === 'call_rcu') {
      call_rcu(object.at(old).rcu, free_object);
      if (rcu_pending() > PENDING_MAX) rcu_barrier();
    } else {
      if (env.variant === 'synchronize_rcu') synchronize_rcu();
      kmem_cache_free(cachep, old);
    }
  }
  xchg(data.it.$done, 1);
  return { updates: env.iterations };
}

/** Reads one object. @returns whether it is not whole */
function readOnce(): boolean {
  rcu_read_lock();
  const { stamps } = object.at(smp_load_acquire(data.it.$current));
  const stamp = load32(stamps);
  let torn = stamp === 0;
  for (let i = 1; i < STAMPS; i++) if (load32(stamps + 4 * i) !== stamp) torn = true;
  rcu_read_unlock();
  return torn;
}

function read(env: Env): Counts {
  let errors = 0;
  let reads = 0;
  while (smp_load_acquire(data.it.$done) === 0) {
    if (readOnce()) errors++;
    // To user mode now and then, or no grace period would ever end.
    if (++reads === 1) atomic_inc(data.it.$reading);
    if (reads % 8 === 0 || env.prng.oneIn(8)) toUserModeAndBack(env);
  }
  return { errors, reads };
}

export const rcu: Body = {
  daemons: ['rcu'],
  setup: () => {
    xchg(data.it.$current, makeObject(1));
  },
  run: (env) => (env.cpu === 0 ? update(env) : read(env)),
  finish: () => {
    rcu_barrier();
    kmem_cache_free(cachep, data.it.current);
    return { errors: liveObjects().get('torture_rcu_object') ?? 0, graces: rcu_completed() };
  },
};
