// SPDX-License-Identifier: GPL-2.0-only
/**
 * Page migration under user accesses: each user CPU counts in a word of its own on a ring page that keeps moving. It
 * is the word's only writer, so it never may read anything but what it wrote last.
 *
 * Variants: `uaccess`, and `unannounced`, whose accesses the shoot-down does not know of, and which must be caught.
 */
import { atomic_inc, atomic_read } from '../../arch/sab/atomic.ts';
import { bss } from '../../arch/sab/bss.ts';
import { load32, store32 } from '../../arch/sab/memory.ts';
import { atomic_t, cacheline, struct, u32 } from '../../arch/sab/struct.ts';
import { exit_aio } from '../../fs/aio/destroy.ts';
import { sys_io_destroy, sys_io_setup } from '../../fs/aio/syscalls.ts';
import { rcu_barrier } from '../../kernel/rcu/tree.ts';
import { kernel_enter, kernel_exit } from '../../kernel/sched/core.ts';
import { flush_workqueue } from '../../kernel/workqueue.ts';
import { migrate_page } from '../../mm/migrate.ts';
import { mm_struct, PTE_FLAGS, PTE_PRESENT } from '../../mm/mm_types.ts';
import { mm_alloc, mmdrop, vm_brk } from '../../mm/mmap.ts';
import { virt_to_page } from '../../mm/page_alloc.ts';
import { pte_offset } from '../../mm/pagetable.ts';
import { liveObjects } from '../../mm/slab.ts';
import { switch_mm } from '../../mm/tlb.ts';
import { get_user, put_user, user_done, user_fault, user_to_kernel } from '../../mm/uaccess.ts';
import type { Body, Counts, Env } from '../body.ts';

const data = bss(
  'torture_migrate',
  struct('torture_migrate', { mm: u32, ring: u32, live: u32, finished: cacheline(atomic_t), moving: atomic_t }),
);
/** CPUs 0 and 1 migrate, the others are user space. */
const MIGRATORS = 2;
/** Where in the ring the words are: on the first page, behind what the header and no event use. */
const WORDS_AT = 2048;

const wordOf = (env: Env, cpu: number): number => data.it.ring + WORDS_AT + 64 * (cpu % env.threads);
const liveCount = (): number => [...liveObjects().values()].reduce((a, b) => a + b, 0);

/** What the page table says of a user address, without a look at who might be changing it. */
const entryOf = (va: number): number => load32(pte_offset(mm_struct.at(data.it.mm).pgd, va));

/** Runs user code. */
function inUserMode<T>(f: () => T): T {
  kernel_exit();
  const result = f();
  kernel_enter();
  return result;
}

function setup(): void {
  data.it.live = liveCount();
  const mm = mm_alloc() as mm_struct;
  data.it.mm = mm.addr;
  switch_mm(mm.addr);
  const ctxp = vm_brk(mm, 1);
  if (inUserMode(() => sys_io_setup(64, ctxp)) !== 0) throw new Error('io_setup() failed');
  data.it.ring = get_user(ctxp);
}

function migrate(env: Env): Counts {
  let moved = 0;
  while (atomic_read(data.it.finished) < env.threads - MIGRATORS) {
    const entry = entryOf(data.it.ring);
    if ((entry & PTE_PRESENT) !== 0 && migrate_page(virt_to_page(entry & ~PTE_FLAGS)) === 0) {
      if (moved++ === 0) atomic_inc(data.it.moving);
    }
    inUserMode(env.goOn);
  }
  return { moved };
}

/** Adds one to a user word. @returns what it was, -1 after a fault */
function increment(va: number): number {
  const value = get_user(va);
  if (user_fault()) return -1;
  put_user(value + 1, va);
  return user_fault() ? -1 : value;
}

/** As increment(), taking its time between the load and the store: long enough for a migration, if one were let in. */
function incrementSlowly(env: Env, va: number): number {
  const at = user_to_kernel(va, true);
  if (at === 0) return -1;
  const value = load32(at);
  for (let looks = env.prng.below(SLOW_LOOKS_MAX); looks > 0; looks--) load32(at);
  store32(at, value + 1);
  user_done(va);
  return value;
}
const SLOW_LOOKS_MAX = 4000;

function incrementUnannounced(va: number): number {
  const at = (entryOf(va) & ~PTE_FLAGS) + (va & PTE_FLAGS);
  const value = load32(at);
  store32(at, value + 1);
  return value;
}

function count(env: Env): Counts {
  switch_mm(data.it.mm);
  const va = wordOf(env, env.cpu);
  // Not before a page has moved: counting may be over sooner than a thread has started.
  while (atomic_read(data.it.moving) === 0) inUserMode(env.goOn);
  let errors = 0;
  for (let n = 0; n < env.iterations && errors === 0; n++) {
    let seen = 0;
    if (env.variant === 'unannounced') seen = inUserMode(() => incrementUnannounced(va));
    else if (env.prng.oneIn(4)) seen = increment(va);
    else if (env.prng.oneIn(16)) seen = inUserMode(() => incrementSlowly(env, va));
    else seen = inUserMode(() => increment(va));
    if (seen !== n) errors++;
  }
  atomic_inc(data.it.finished);
  return { errors };
}

function finish(env: Env): Counts {
  let errors = 0;
  for (let cpu = MIGRATORS; cpu < env.threads; cpu++) {
    if (get_user(wordOf(env, cpu)) !== env.iterations) errors++;
  }
  if (inUserMode(() => sys_io_destroy(data.it.ring)) !== 0) errors++;
  flush_workqueue();
  const mm = mm_struct.at(data.it.mm);
  exit_aio(mm);
  switch_mm(0);
  mmdrop(mm);
  rcu_barrier();
  return { errors: errors + Math.abs(liveCount() - data.it.live) };
}

export const migration: Body = {
  daemons: ['rcu', 'kworker'],
  setup,
  run: (env) => (env.cpu < MIGRATORS ? migrate(env) : count(env)),
  finish,
};
