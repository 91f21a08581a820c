// SPDX-License-Identifier: GPL-2.0-only
/**
 * Looks at a machine that runs: what each CPU is at, how full the rings are, how RCU gets on.
 *
 * The main thread reads the kernel's memory without a lock while the CPUs change it, so a look may see a context that
 * is half made or half gone. It may read any address; an address that is none ends the look, which then does not count.
 */
import { atomic_read } from '../../src/arch/sab/atomic.ts';
import { parkedOn } from '../../src/arch/sab/control.ts';
import { num_possible_cpus } from '../../src/arch/sab/cpu.ts';
import { load32, setFaultHandler } from '../../src/arch/sab/memory.ts';
import { kioctx, kioctx_table, kioctx_table_slot, kmap_ring_page } from '../../src/fs/aio/kioctx.ts';
import { snapshotCpus } from '../../src/kernel/oops.ts';
import { installFaultHandler } from '../../src/kernel/panic.ts';
import { rcu_completed } from '../../src/kernel/rcu/tree.ts';
import { task_in_kernel } from '../../src/kernel/sched/core.ts';
import { mm_struct } from '../../src/mm/mm_types.ts';
import { per_cpu_ptr } from '../../src/mm/percpu.ts';
import { aio_ring } from '../../src/uapi/aio_abi.ts';
import { ACTIVITY_LETTERS } from '../result/run_result.ts';

export interface Rings {
  readonly contexts: number;
  /** Of all live contexts, shares of their slots; null where there is none. */
  readonly occupancy: number | null;
  readonly freeSlots: number | null;
  /** Grace periods since the boot. */
  readonly gracePeriods: number;
}

/** A table that has just been freed may say that it is larger. */
const TABLE_MAX = 4096;

function liveContexts(mm: number): kioctx[] {
  const table = kioctx_table.from(mm_struct.at(mm).ioctx_table);
  if (table === null) return [];
  return Array.from({ length: Math.min(table.nr, TABLE_MAX) }, (_, i) =>
    kioctx.from(load32(kioctx_table_slot(table, i))),
  ).filter((ctx) => ctx !== null);
}

/** Whatever user space has scribbled into its ring. */
const within = (n: number, limit: number): number => Math.min(limit, Math.max(0, n));

function unread(ctx: kioctx): number {
  const ring = aio_ring.at(kmap_ring_page(ctx, 0));
  const nr = ctx.nr_events;
  return nr === 0 ? 0 : ((ring.tail % nr) - (ring.head % nr) + nr) % nr;
}

function free(ctx: kioctx): number {
  let own = 0;
  for (let cpu = 0; cpu < num_possible_cpus(); cpu++) own += load32(per_cpu_ptr(ctx.cpu, cpu));
  return atomic_read(ctx.reqs_available) + own;
}

class NoRam extends Error {}

/** @param mm - of the process @returns null if the look met something that is no context */
export function lookAtRings(mm: number): Rings | null {
  // A trap of this look is not the kernel's.
  setFaultHandler(() => {
    throw new NoRam();
  });
  try {
    const contexts = liveContexts(mm);
    let slots = 0;
    let full = 0;
    let left = 0;
    for (const ctx of contexts) {
      const most = ctx.nr_events - 1;
      if (most <= 0) continue;
      slots += most;
      full += within(unread(ctx), most);
      left += within(free(ctx), most);
    }
    return {
      contexts: contexts.length,
      occupancy: slots === 0 ? null : full / slots,
      freeSlots: slots === 0 ? null : left / slots,
      gracePeriods: rcu_completed(),
    };
  } catch (error) {
    if (error instanceof NoRam) return null;
    throw error;
  } finally {
    installFaultHandler();
  }
}

const [USER, KERNEL, LOCK, SLEEP, IDLE] = [...ACTIVITY_LETTERS] as [string, string, string, string, string];

/** @param out - CPUs that are out of the round @returns a letter of ACTIVITY_LETTERS for each CPU */
export function lookAtCpus(out: (cpu: number) => boolean): string {
  let letters = '';
  for (const { cpu, waiting } of snapshotCpus(0)) {
    if (out(cpu)) letters += IDLE;
    else if (waiting !== null) letters += LOCK;
    else if (parkedOn(cpu) !== 0) letters += SLEEP;
    else letters += task_in_kernel(cpu) ? KERNEL : USER;
  }
  return letters;
}
