// SPDX-License-Identifier: GPL-2.0-only
/** Each mapping of a ring belongs to a context. */
import { mm_struct } from '../../src/mm/mm_types.ts';
import type { Inspection, Observation } from './inspection.ts';
import { liveContexts } from './slots.ts';

/** @context nothing moves, and what was destroyed has been freed */
export function strayMappings({ plan }: Inspection): Observation[] {
  const stray = mm_struct.at(plan.process.mm).map_count - liveContexts(plan.process.mm).length;
  if (stray === 0) return [];
  return [
    {
      kind: 'leak:mapping',
      title: stray > 0 ? 'rings are mapped that belong to no context' : 'contexts are alive whose rings are not mapped',
      text: [`${Math.abs(stray)} mappings`],
      objects: [],
    },
  ];
}
