// SPDX-License-Identifier: GPL-2.0-only
/**
 * Percpu reference counts: a count that costs a plain increment while nobody asks whether it is zero.
 *
 * In percpu mode each CPU counts for itself, and a get on one may be put on another, so no single counter means
 * anything; only the sum does. To be able to reach zero the count is killed: the DEAD bit is set in the counters'
 * address, and after a grace period, when no CPU can still be between its test of the bit and its increment, the
 * counters are added to the atomic count, which from then on is the count.
 *
 *   CPU 1 (percpu_ref_kill)        CPU 2 (percpu_ref_get)
 *                                  rcu_read_lock; DEAD is clear
 *   set DEAD                       counter += 1
 *   call_rcu ┄ grace period ┄┄┄┄┄▶ rcu_read_unlock
 *   count += sum of the counters
 *   put the initial reference
 *
 * The atomic count starts at 1 + BIAS, so that puts that come in atomic mode before the sum is in cannot reach zero.
 *
 * @linux lib/percpu-refcount.c, include/linux/percpu-refcount.h v3.17
 */
import {
  ACCESS_ONCE,
  atomic_add,
  atomic_add_return,
  atomic_dec_and_test,
  atomic_inc,
  atomic_inc_not_zero,
  atomic_read,
  atomic_set,
} from '../arch/sab/atomic.ts';
import { num_possible_cpus } from '../arch/sab/cpu.ts';
import { type Fn, fn, fnOf, fnptr } from '../arch/sab/functable.ts';
import { type Addr, load32, store32 } from '../arch/sab/memory.ts';
import { atomic_t, container_of, embed, struct, u31, type View } from '../arch/sab/struct.ts';
import { record } from '../kernel/oops.ts';
import { WARN_ON } from '../kernel/panic.ts';
import { call_rcu_sched, rcu_head, rcu_read_lock_sched, rcu_read_unlock_sched } from '../kernel/rcu/tree.ts';
import { alloc_percpu, free_percpu, per_cpu_ptr, this_cpu_add, this_cpu_ptr } from '../mm/percpu.ts';
import { fixed } from '../reverts/registry.ts';
import { ENOMEM } from '../uapi/errno.ts';

export type RefRelease = (ref: Addr<percpu_ref>) => void;
export const percpu_ref = struct('percpu_ref', {
  /** A: the count in atomic mode */
  count: atomic_t,
  /** O: address of the counters, with bit 0 set once the count is dead */
  pcpu_count_ptr: u31,
  /** I: called when the count reaches zero, in whatever context the last put is */
  release: fnptr<RefRelease>(),
  rcu: embed(rcu_head),
});
export type percpu_ref = View<typeof percpu_ref>;
type Ref = Addr<percpu_ref>;
const PTR = percpu_ref.offsetof.pcpu_count_ptr;

const PCPU_REF_DEAD = 1;
/** Wraps to the sign bit; sums are modulo 2^32, as in C. */
const PCPU_COUNT_BIAS = 1 << 31;

/** @returns 0 or -ENOMEM */
export function percpu_ref_init(ref: Ref, release: Fn<RefRelease>): number {
  const r = percpu_ref.at(ref);
  atomic_set(r.count, (1 + PCPU_COUNT_BIAS) | 0);
  r.pcpu_count_ptr = alloc_percpu();
  if (r.pcpu_count_ptr === 0) return -ENOMEM;
  r.release = release;
  return 0;
}

/** Frees the counters. */
export function percpu_ref_exit(ref: Ref): void {
  const base = load32(ref + PTR) & ~PCPU_REF_DEAD;
  if (base !== 0) {
    free_percpu(base);
    store32(ref + PTR, PCPU_REF_DEAD);
  }
}

function pcpu_count_add(counter: number, n: number): void {
  if (fixed.count_references_in_one_step) this_cpu_add(counter, n);
  else store32(counter, load32(counter) + n); // an interrupt in between counts, too, and this store undoes it
}

/** Takes a reference; the caller knows that the count is not zero. @context any */
export function percpu_ref_get(ref: Ref): void {
  rcu_read_lock_sched();
  const base = ACCESS_ONCE((ref + PTR) as Addr<number>);
  if ((base & PCPU_REF_DEAD) === 0) {
    pcpu_count_add(this_cpu_ptr(base), 1);
  } else {
    atomic_inc(ref as number as Addr<number>);
  }
  rcu_read_unlock_sched();
}

/** Takes a reference unless the count is zero. @returns whether it did */
export function percpu_ref_tryget(ref: Ref): boolean {
  let ret = true;
  rcu_read_lock_sched();
  const base = ACCESS_ONCE((ref + PTR) as Addr<number>);
  if ((base & PCPU_REF_DEAD) === 0) {
    pcpu_count_add(this_cpu_ptr(base), 1);
  } else {
    ret = atomic_inc_not_zero(ref as number as Addr<number>);
  }
  rcu_read_unlock_sched();
  return ret;
}

/** Takes a reference unless the count has been killed. @returns whether it did */
export function percpu_ref_tryget_live(ref: Ref): boolean {
  rcu_read_lock_sched();
  const base = ACCESS_ONCE((ref + PTR) as Addr<number>);
  const live = (base & PCPU_REF_DEAD) === 0;
  if (live) pcpu_count_add(this_cpu_ptr(base), 1);
  rcu_read_unlock_sched();
  return live;
}

/** Drops a reference; the last one calls release(), which may free the memory of `ref`. @context any */
export function percpu_ref_put(ref: Ref): void {
  rcu_read_lock_sched();
  const base = ACCESS_ONCE((ref + PTR) as Addr<number>);
  if ((base & PCPU_REF_DEAD) === 0) {
    pcpu_count_add(this_cpu_ptr(base), -1);
  } else if (atomic_dec_and_test(ref as number as Addr<number>)) {
    fnOf(percpu_ref.at(ref).release)(ref);
  }
  rcu_read_unlock_sched();
}

const percpu_ref_kill_rcu = fn('percpu_ref_kill_rcu', function percpu_ref_kill_rcu(head: Addr<rcu_head>) {
  const r = container_of(head, percpu_ref, 'rcu');
  const base = r.pcpu_count_ptr & ~PCPU_REF_DEAD;
  let sum = 0;
  for (let cpu = 0; cpu < num_possible_cpus(); cpu++) sum = (sum + load32(per_cpu_ptr(base, cpu))) | 0;
  atomic_add((sum - PCPU_COUNT_BIAS) | 0, r.count);
  const count = atomic_read(r.count);
  if (count <= 0) {
    record({ kind: 'refcount:underflow', title: 'percpu ref <= 0 when it was killed', text: [`count ${count}`] });
  }
  percpu_ref_put(r.addr as Ref);
});

/** Leaves percpu mode and drops the initial reference, after a grace period. Once only. @context any; does not sleep */
export function percpu_ref_kill(ref: Ref): void {
  const r = percpu_ref.at(ref);
  WARN_ON((r.pcpu_count_ptr & PCPU_REF_DEAD) !== 0, 'percpu_ref_kill() called more than once');
  r.pcpu_count_ptr |= PCPU_REF_DEAD;
  call_rcu_sched(r.rcu, percpu_ref_kill_rcu);
}

/** The count as it would be if the count were killed now, initial reference included. @context no CPU gets or puts */
export function percpu_ref_sum(ref: Ref): number {
  const r = percpu_ref.at(ref);
  const base = r.pcpu_count_ptr;
  const count = atomic_add_return(0, r.count);
  if ((base & PCPU_REF_DEAD) !== 0) return count;
  let sum = 0;
  for (let cpu = 0; cpu < num_possible_cpus(); cpu++) sum = (sum + load32(per_cpu_ptr(base, cpu))) | 0;
  return (count - PCPU_COUNT_BIAS + sum) | 0;
}
