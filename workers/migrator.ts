// SPDX-License-Identifier: GPL-2.0-only
/**
 * The migrator: moves ring pages, again and again. It asks for pages by address, as move_pages() does, and now
 * and then sweeps through all of RAM, as compaction does.
 *
 *   rings_only   never sweeps
 *   sweep        does nothing else: it meets rings that are not mapped yet, or not any more
 *
 * @linux mm/migrate.c move_pages(), mm/compaction.c v3.17
 */
import { PAGE_SIZE } from '../src/arch/sab/memory.ts';
import { kernel_enter, kernel_exit } from '../src/kernel/sched/core.ts';
import { migrate_page, move_page } from '../src/mm/migrate.ts';
import { pfn_range, pfn_to_page } from '../src/mm/page_alloc.ts';
import { aio_ring, io_event } from '../src/uapi/aio_abi.ts';
import { SLOTS_MAX } from './ledger.ts';
import type { User } from './user.ts';

/** One pass in so many is a sweep. */
const SWEEP = 64;

/** The first page from `pfn` on that is in some file's page cache right now; `end` if there is none. */
function nextMovable(pfn: number, end: number): number {
  kernel_enter();
  let next = pfn;
  while (next < end && pfn_to_page(next).mapping === 0) next++;
  kernel_exit();
  return next;
}

/** Runs a move in the kernel, and counts what came of it. @returns whether a page has moved */
function move(user: User, f: () => number): boolean {
  kernel_enter();
  const rc = f();
  kernel_exit();
  user.count(rc === 0 ? 'pages migrated' : 'migration refused');
  user.progress();
  user.rest();
  return rc === 0;
}

/** Moves what there is in RAM. */
function sweep(user: User): void {
  const [first, end] = pfn_range();
  for (let pfn = nextMovable(first, end); pfn < end && user.running(); pfn = nextMovable(pfn + 1, end)) {
    move(user, () => migrate_page(pfn_to_page(pfn)));
  }
}

/** Moves the pages of one ring. @returns whether there was a ring */
function moveRing(user: User): boolean {
  const { ledger, prng, plan } = user;
  const slot = prng.below(plan.workload.contexts === 0 ? SLOTS_MAX : plan.workload.contexts);
  const ctx = ledger.handle(slot);
  if (ctx === 0) return false;
  const bytes = aio_ring.sizeof + ledger.ringNr(slot) * io_event.sizeof;
  // The first page most of all: head and tail are there.
  const page = prng.oneIn(2) ? 0 : prng.below(Math.ceil(bytes / PAGE_SIZE));
  move(user, () => move_page(ctx + page * PAGE_SIZE));
  return true;
}

/** Waits until the leader has made the shared contexts: a turn that finds no ring is lost. */
function awaitRings(user: User): void {
  const { ledger, plan } = user;
  for (let slot = 0; slot < plan.workload.contexts; slot++) {
    while (user.running() && !ledger.alive(slot)) user.pause(10);
  }
}

/** The role. Ends with the round. */
export function migrator(user: User): void {
  const { migrator: program } = user.plan.workload.programs;
  const every = program === 'rings_only' ? 0 : program === 'sweep' ? 1 : SWEEP;
  awaitRings(user);
  for (let pass = 0; user.takeTurn(); pass++) {
    if (every > 0 && pass % every === 0) sweep(user);
    if (every === 1) {
      user.progress();
      user.rest();
    } else if (!moveRing(user)) {
      user.pause(300);
    }
  }
}
