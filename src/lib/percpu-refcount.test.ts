// SPDX-License-Identifier: GPL-2.0-only
/** percpu_ref in one thread, which plays all CPUs and the grace period. Races: testing/primitives.slow.test.ts. */
import { beforeEach, describe, expect, it } from 'vitest';
import { atomic_add, atomic_read } from '../arch/sab/atomic.ts';
import { setCpu } from '../arch/sab/cpu.ts';
import { type Fn, fn, fnOf, symbolHash } from '../arch/sab/functable.ts';
import type { Addr } from '../arch/sab/memory.ts';
import type { Machine } from '../init/machine.ts';
import { type RcuCallback, rcu_pending } from '../kernel/rcu/tree.ts';
import { kfree, kzalloc, liveObjects } from '../mm/slab.ts';
import { boot, kinds } from '../testing/boot.ts';
import {
  percpu_ref,
  percpu_ref_exit,
  percpu_ref_get,
  percpu_ref_init,
  percpu_ref_kill,
  percpu_ref_put,
  percpu_ref_sum,
  percpu_ref_tryget,
} from './percpu-refcount.ts';

let released = 0;
const count_release = fn('test_count_release', () => {
  released++;
});

let machine: Machine;
let ref: Addr<percpu_ref>;
beforeEach(() => {
  machine = boot();
  released = 0;
  ref = kzalloc(percpu_ref.sizeof) as Addr<percpu_ref>;
  expect(percpu_ref_init(ref, count_release)).toBe(0);
});

/** Kills, and lets the grace period be over. */
function killAndWait(): void {
  percpu_ref_kill(ref);
  fnOf(symbolHash('percpu_ref_kill_rcu') as Fn<RcuCallback>)(percpu_ref.at(ref).rcu);
}

describe('percpu_ref', () => {
  it('starts with one reference', () => {
    expect(percpu_ref_sum(ref)).toBe(1);
    killAndWait();
    expect(released).toBe(1);
  });
  it('may be got on one CPU and put on another', () => {
    for (let i = 0; i < 3; i++) percpu_ref_get(ref);
    setCpu(1, 2);
    for (let i = 0; i < 3; i++) percpu_ref_put(ref);
    expect(percpu_ref_sum(ref)).toBe(1);
    expect(released).toBe(0);
    killAndWait();
    expect(released).toBe(1);
  });
  it('is not released before the last put, nor twice', () => {
    percpu_ref_get(ref);
    expect(percpu_ref_tryget(ref)).toBe(true);
    percpu_ref_kill(ref);
    expect(rcu_pending()).toBe(1);
    percpu_ref_put(ref);
    expect(released).toBe(0);
    fnOf(symbolHash('percpu_ref_kill_rcu') as Fn<RcuCallback>)(percpu_ref.at(ref).rcu);
    expect([released, percpu_ref_sum(ref)]).toEqual([0, 1]);
    percpu_ref_get(ref);
    percpu_ref_put(ref);
    percpu_ref_put(ref);
    expect([released, atomic_read(percpu_ref.at(ref).count)]).toEqual([1, 0]);
  });
  it('cannot be tried after its release', () => {
    killAndWait();
    expect(percpu_ref_tryget(ref)).toBe(false);
    expect(released).toBe(1);
  });
  it('is missed when it is put too often', () => {
    percpu_ref_put(ref);
    killAndWait();
    expect(kinds(machine)).toContain('refcount:underflow');
  });
  it('must be killed once', () => {
    percpu_ref_kill(ref);
    percpu_ref_kill(ref);
    expect(kinds(machine)).toEqual(['warn']);
  });
  it('wraps nowhere near what a count can be', () => {
    atomic_add(1_000_000, percpu_ref.at(ref).count);
    expect(percpu_ref_sum(ref)).toBe(1_000_001);
  });
  it('gives its counters back, once', () => {
    const before = liveObjects();
    percpu_ref_exit(ref);
    percpu_ref_exit(ref);
    kfree(ref);
    const total = (m: Map<string, number>): number => [...m.values()].reduce((a, b) => a + b, 0);
    expect(total(before) - total(liveObjects())).toBe(2);
    expect(kinds(machine)).toEqual([]);
  });
});
