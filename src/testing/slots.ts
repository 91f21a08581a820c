// SPDX-License-Identifier: GPL-2.0-only
/** Where the slots of a context are; none may be lost, and none come from nowhere. */
import { expect } from 'vitest';
import { atomic_read } from '../arch/sab/atomic.ts';
import { num_possible_cpus } from '../arch/sab/cpu.ts';
import { load32 } from '../arch/sab/memory.ts';
import { kioctx, kioctx_table, kioctx_table_slot } from '../fs/aio/kioctx.ts';
import { percpu_ref_sum } from '../lib/percpu-refcount.ts';
import type { mm_struct } from '../mm/mm_types.ts';
import { per_cpu_ptr } from '../mm/percpu.ts';
import { liveObjects } from '../mm/slab.ts';
import { fixed } from '../reverts/registry.ts';

/** References to kioctx.reqs that are no request's: the initial one, and free_ioctx_users()'s. */
const reqsBase = (): number => (fixed.hold_reqs_for_users ? 2 : 1);

/** The contexts in the process's table. */
export function contexts(mm: mm_struct): kioctx[] {
  const table = kioctx_table.from(mm.ioctx_table);
  if (table === null) return [];
  return Array.from({ length: table.nr }, (_, i) => kioctx.from(load32(kioctx_table_slot(table, i)))).filter(
    (ctx) => ctx !== null,
  );
}

/** The context behind a handle. */
export function contextOf(mm: mm_struct, handle: number): kioctx {
  const ctx = contexts(mm).find(({ user_id }) => user_id === handle);
  if (ctx === undefined) throw new Error(`no context has the handle ${handle}`);
  return ctx;
}

export interface Slots {
  /** free: with no CPU, and with each */
  readonly common: number;
  readonly own: readonly number[];
  /** of requests in flight */
  readonly live: number;
  /** of events that are not known to have been read */
  readonly completed: number;
}

export function slotsOf(ctx: kioctx): Slots {
  return {
    common: atomic_read(ctx.reqs_available),
    own: Array.from({ length: num_possible_cpus() }, (_, cpu) => load32(per_cpu_ptr(ctx.cpu, cpu))),
    live: percpu_ref_sum(ctx.reqs) - reqsBase(),
    completed: ctx.completed_events,
  };
}

/** All slots of all contexts of the process, the only one, are where they can be. */
export function checkSlots(mm: mm_struct): void {
  if (!fixed.free_user_reaped_slots) return; // a slot is missing from completion until the kernel reads its event
  let inFlight = 0;
  let missing = 0;
  for (const ctx of contexts(mm)) {
    const { common, own, live, completed } = slotsOf(ctx);
    expect(Math.min(common, ...own, live, completed)).toBeGreaterThanOrEqual(0);
    const elsewhere = own.reduce((sum, n) => sum + n, common + completed);
    if (fixed.refcount_requests) expect(elsewhere + live).toBe(ctx.nr_events - 1);
    missing += ctx.nr_events - 1 - elsewhere;
    inFlight += live;
  }
  // The allocator counts requests whether the context does or not.
  expect(missing).toBe(liveObjects().get('kiocb') ?? 0);
  if (fixed.refcount_requests) expect(inFlight).toBe(missing);
}
