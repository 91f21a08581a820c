// SPDX-License-Identifier: GPL-2.0-only
/**
 * Conservation of slots: at rest, every slot of a ring is free, with a CPU or with all, or belongs to a live request,
 * or to a completed one whose event has not been seen to be read. However user space has scribbled, the sum is
 * nr_events - 1.
 */
import { atomic_read } from '../../src/arch/sab/atomic.ts';
import { num_possible_cpus } from '../../src/arch/sab/cpu.ts';
import { load32 } from '../../src/arch/sab/memory.ts';
import { kioctx, kioctx_table, kioctx_table_slot } from '../../src/fs/aio/kioctx.ts';
import { objectRef } from '../../src/kernel/object_ref.ts';
import { percpu_ref_sum } from '../../src/lib/percpu-refcount.ts';
import { mm_struct } from '../../src/mm/mm_types.ts';
import { per_cpu_ptr } from '../../src/mm/percpu.ts';
import type { Inspection, Observation } from './inspection.ts';

/** References to kioctx.reqs that are no request's: the initial one, and free_ioctx_users()'s. */
const REQS_BASE = 2;

/** The contexts of a process that can be found by their handles. */
export function liveContexts(mm: number): kioctx[] {
  const table = kioctx_table.from(mm_struct.at(mm).ioctx_table);
  if (table === null) return [];
  return Array.from({ length: table.nr }, (_, i) => kioctx.from(load32(kioctx_table_slot(table, i)))).filter(
    (ctx) => ctx !== null,
  );
}

/** @context nothing moves */
export function slotConservation({ plan }: Inspection): Observation[] {
  return liveContexts(plan.process.mm).flatMap((ctx) => {
    let own = 0;
    for (let cpu = 0; cpu < num_possible_cpus(); cpu++) own += load32(per_cpu_ptr(ctx.cpu, cpu));
    const common = atomic_read(ctx.reqs_available);
    const live = percpu_ref_sum(ctx.reqs) - REQS_BASE;
    const sum = common + own + live + ctx.completed_events;
    const negative = common < 0 || own < 0 || live < 0;
    if (sum === ctx.nr_events - 1 && !negative) return [];
    const excess = sum > ctx.nr_events - 1;
    return [
      {
        kind: excess ? ('slot:excess' as const) : ('slot:leak' as const),
        title: excess ? 'a context has more slots than its ring' : 'slots of a ring have been lost',
        text: [
          `reqs_available ${common} + CPUs ${own} + requests ${live} + ` +
            `completed_events ${ctx.completed_events} = ${sum}, ` +
            `nr_events - 1 = ${ctx.nr_events - 1}`,
        ],
        objects: [objectRef('kioctx', ctx.addr)],
      },
    ];
  });
}
