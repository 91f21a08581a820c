// SPDX-License-Identifier: GPL-2.0-only
/**
 * Allocators: nothing is handed out twice, everything comes zeroed, nothing is lost. A table beside the memory says
 * who has what; objects change hands, so that they are freed by another CPU than the one that allocated them.
 *
 * Variants: `slab`, `pages`.
 */
import { PAGE_OFFSET } from '../../arch/sab/access.ts';
import { cmpxchg, xchg } from '../../arch/sab/atomic.ts';
import { bss } from '../../arch/sab/bss.ts';
import { type Addr, load32, PAGE_SIZE, ramBytes, store32 } from '../../arch/sab/memory.ts';
import { cacheline, struct, u32, words } from '../../arch/sab/struct.ts';
import {
  alloc_page,
  alloc_pages_exact,
  nr_free_pages,
  page_address,
  put_page,
  virt_to_page,
} from '../../mm/page_alloc.ts';
import { defineCache, kmem_cache_alloc, kmem_cache_free, liveObjects } from '../../mm/slab.ts';
import type { Body, Counts, Env } from '../body.ts';

const MAILBOXES = 16;
const data = bss(
  'torture_alloc',
  struct('torture_alloc', { owners: u32, free: u32, mailboxes: cacheline(words(MAILBOXES)) }),
);
const GRAIN = 64;
const STAMPED_WORDS = 8;
const cachep = defineCache('torture_alloc', struct('torture_grain', { room: words(GRAIN / 4) }), GRAIN);

interface Allocator {
  alloc(): number;
  free(addr: number): void;
}
const ALLOCATORS: Readonly<Record<string, Allocator>> = {
  slab: { alloc: () => kmem_cache_alloc(cachep), free: (addr) => kmem_cache_free(cachep, addr) },
  pages: {
    alloc: () => {
      const p = alloc_page();
      return p === null ? 0 : page_address(p);
    },
    free: (addr) => put_page(virt_to_page(addr)),
  },
};

/** The word that says who has the memory at `addr`. */
const owner = (addr: number): Addr<number> =>
  (data.it.owners + 4 * Math.floor((addr - PAGE_OFFSET) / GRAIN)) as Addr<number>;

/** One CPU's hands. */
class Holder {
  errors = 0;
  readonly held: number[] = [];
  private readonly env: Env;
  private readonly allocator: Allocator;

  constructor(env: Env) {
    this.env = env;
    this.allocator = ALLOCATORS[env.variant] as Allocator;
  }

  take(): void {
    const addr = this.allocator.alloc();
    if (addr === 0) return;
    if (cmpxchg(owner(addr), 0, this.env.cpu + 1) !== 0) this.errors++;
    for (let i = 0; i < STAMPED_WORDS; i++) if (load32(addr + 4 * i) !== 0) this.errors++;
    for (let i = 0; i < STAMPED_WORDS; i++) store32(addr + 4 * i, addr);
    this.held.push(addr);
  }

  drop(addr: number): void {
    for (let i = 0; i < STAMPED_WORDS; i++) if (load32(addr + 4 * i) !== addr) this.errors++;
    if (xchg(owner(addr), 0) === 0) this.errors++;
    this.allocator.free(addr);
  }

  /** Puts one away, and drops what another CPU has put there. */
  swap(addr: number): void {
    const found = xchg((data.it.mailboxes + 4 * this.env.prng.below(MAILBOXES)) as Addr<number>, addr);
    if (found !== 0) this.drop(found);
  }
}

const HELD_MAX = 60;

function run(env: Env): Counts {
  const holder = new Holder(env);
  for (let n = 0; n < env.iterations; n++) {
    if (holder.held.length < HELD_MAX && env.prng.oneIn(2)) holder.take();
    const addr = holder.held.length > 0 && env.prng.oneIn(2) ? holder.held.pop() : undefined;
    if (addr === undefined) continue;
    if (env.prng.oneIn(2)) holder.swap(addr);
    else holder.drop(addr);
  }
  for (const addr of holder.held) holder.drop(addr);
  return { errors: holder.errors };
}

export const alloc: Body = {
  setup: () => {
    data.it.owners = alloc_pages_exact(Math.ceil((4 * ramBytes()) / GRAIN / PAGE_SIZE));
    data.it.free = nr_free_pages();
  },
  run,
  finish: (env) => {
    const holder = new Holder(env);
    for (let i = 0; i < MAILBOXES; i++) {
      const addr = xchg((data.it.mailboxes + 4 * i) as Addr<number>, 0);
      if (addr !== 0) holder.drop(addr);
    }
    const lost = env.variant === 'pages' ? data.it.free - nr_free_pages() : (liveObjects().get('torture_alloc') ?? 0);
    return { errors: holder.errors + Math.abs(lost) };
  },
};
