// SPDX-License-Identifier: GPL-2.0-only
/** What is charged against aio_max_nr is what the live contexts cost. */
import { aio } from '../../src/fs/aio/kioctx.ts';
import type { Inspection, Observation } from './inspection.ts';
import { liveContexts } from './slots.ts';

/** @context nothing moves, and what was destroyed has been freed */
export function quotaBalance({ plan }: Inspection, processAlive: boolean): Observation[] {
  const owed = processAlive ? liveContexts(plan.process.mm).reduce((sum, ctx) => sum + ctx.max_reqs, 0) : 0;
  if (aio.it.aio_nr === owed) return [];
  return [
    {
      kind: 'quota:imbalance',
      title: 'aio_nr is not what the live contexts cost',
      text: [`aio_nr is ${aio.it.aio_nr}, the contexts cost ${owed}`],
      objects: [],
    },
  ];
}
