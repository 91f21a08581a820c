// SPDX-License-Identifier: GPL-2.0-only
/**
 * percpu_ref: every CPU gets and puts while one kills; the release comes once, and not before the last put.
 *
 * Variants: `kill`, and `kill_without_grace_period`, which adds the counters up while CPUs may still be counting there.
 */
import { atomic_dec, atomic_inc, atomic_read, atomic_set, xchg } from '../../arch/sab/atomic.ts';
import { bss } from '../../arch/sab/bss.ts';
import { type Fn, fn, fnOf, symbolHash } from '../../arch/sab/functable.ts';
import type { Addr } from '../../arch/sab/memory.ts';
import { atomic_t, cacheline, container_of, embed, struct, u32 } from '../../arch/sab/struct.ts';
import { type RcuCallback, rcu_barrier } from '../../kernel/rcu/tree.ts';
import { kernel_enter, kernel_exit } from '../../kernel/sched/core.ts';
import {
  percpu_ref,
  percpu_ref_exit,
  percpu_ref_get,
  percpu_ref_init,
  percpu_ref_kill,
  percpu_ref_put,
  percpu_ref_tryget,
} from '../../lib/percpu-refcount.ts';
import { defineCache, kmem_cache_alloc, kmem_cache_free, liveObjects } from '../../mm/slab.ts';
import type { Body, Counts, Env } from '../body.ts';

const ALIVE = 0x616c6976;
const object = struct('torture_ref_object', { ref: embed(percpu_ref), state: u32 });
const cachep = defineCache('torture_ref_object', object);
const data = bss(
  'torture_percpu_ref',
  struct('torture_percpu_ref', {
    object: u32,
    /** CPUs that have not put their reference yet */
    holders: cacheline(atomic_t),
    released: atomic_t,
    early: atomic_t,
  }),
);

const release = fn('torture_ref_release', (ref: Addr<percpu_ref>) => {
  const o = container_of(ref, object, 'ref');
  if (atomic_read(data.it.holders) !== 0 || o.state !== ALIVE) atomic_inc(data.it.early);
  o.state = 0;
  percpu_ref_exit(ref);
  kmem_cache_free(cachep, o.addr);
  atomic_inc(data.it.released);
});

function makeObject(env: Env): void {
  const o = object.at(kmem_cache_alloc(cachep));
  o.state = ALIVE;
  percpu_ref_init(o.ref, release);
  for (let cpu = 0; cpu < env.threads; cpu++) percpu_ref_get(o.ref);
  atomic_set(data.it.holders, env.threads);
  data.it.object = o.addr;
}

function kill(env: Env, ref: Addr<percpu_ref>): void {
  if (env.variant === 'kill') {
    percpu_ref_kill(ref);
    return;
  }
  const r = percpu_ref.at(ref);
  xchg(r.$pcpu_count_ptr, r.pcpu_count_ptr | 1);
  const add_up = symbolHash('percpu_ref_kill_rcu') as Fn<RcuCallback>;
  fnOf(add_up)(r.rcu);
}

/** Gets and puts of one CPU in one round. */
const STEPS = 60;

/** @returns how often the object was not what it should be */
function useObject(env: Env): number {
  const o = object.at(data.it.object);
  const killAt = env.prng.below(STEPS);
  let errors = 0;
  for (let i = 0; i < STEPS; i++) {
    if (env.cpu === 0 && i === killAt) kill(env, o.ref);
    if (env.prng.oneIn(2)) percpu_ref_get(o.ref);
    else if (!percpu_ref_tryget(o.ref)) errors++;
    if (o.state !== ALIVE) errors++;
    percpu_ref_put(o.ref);
    if (env.prng.oneIn(8)) {
      kernel_exit();
      kernel_enter();
    }
  }
  atomic_dec(data.it.holders);
  percpu_ref_put(o.ref);
  return errors;
}

function run(env: Env): Counts {
  let errors = 0;
  for (let round = 1; round <= env.iterations; round++) {
    if (env.cpu === 0) makeObject(env);
    env.meet();
    errors += useObject(env);
    env.meet();
    if (env.cpu !== 0) continue;
    rcu_barrier(); // the last reference may be the one that the grace period drops
    if (atomic_read(data.it.released) !== round) return { errors: errors + 1 };
  }
  return { errors };
}

export const percpu_ref_kill_race: Body = {
  daemons: ['rcu'],
  run,
  finish: () => ({
    errors: atomic_read(data.it.early) + (liveObjects().get('torture_ref_object') ?? 0),
    released: atomic_read(data.it.released),
  }),
};
