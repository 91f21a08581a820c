// SPDX-License-Identifier: GPL-2.0-only
/** Every sleeper whose condition holds wakes: nobody sleeps in io_getevents() on a ring that has enough events. */
import { kmap_ring_page } from '../../src/fs/aio/kioctx.ts';
import { objectRef } from '../../src/kernel/object_ref.ts';
import { TASK_INTERRUPTIBLE, task_state } from '../../src/kernel/sched/core.ts';
import { aio_ring } from '../../src/uapi/aio_abi.ts';
import { hex, type Inspection, type Observation } from './inspection.ts';
import { liveContexts } from './slots.ts';

/** CPUs that sleep although what they wait for is there. One look proves nothing: the wake-up may be on its way. */
export function oversleepers({ plan, ledger, books }: Inspection): number[] {
  if (!books) return [];
  return plan.roles.flatMap((_, cpu) => {
    const { handle, min } = ledger.waitOf(cpu);
    if (handle === 0 || min === 0 || task_state(cpu) !== TASK_INTERRUPTIBLE) return [];
    const ctx = liveContexts(plan.process.mm).find((c) => c.user_id === handle);
    if (ctx === undefined) return [];
    const ring = aio_ring.at(kmap_ring_page(ctx, 0));
    const events = (ring.tail - ring.head + ctx.nr_events) % ctx.nr_events;
    return events >= min ? [cpu] : [];
  });
}

/** What to say of CPUs that have overslept for as long as the operator has looked. */
export const overslept = ({ ledger }: Inspection, cpus: readonly number[]): Observation[] =>
  cpus.map((cpu) => ({
    kind: 'wakeup:lost',
    title: 'io_getevents() sleeps although the ring has enough events',
    text: [`cpu ${cpu} waits for ${ledger.waitOf(cpu).min} events of ring ${hex(ledger.waitOf(cpu).handle)}`],
    objects: [objectRef('ring', ledger.waitOf(cpu).handle)],
  }));
