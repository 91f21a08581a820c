// SPDX-License-Identifier: GPL-2.0-only
/** When the last process is gone, the kernel has given everything back. */
import { nr_free_pages } from '../../src/mm/page_alloc.ts';
import { liveObjects, slabPages } from '../../src/mm/slab.ts';
import type { Observation } from './inspection.ts';

/** Pages that are free or in the slab caches. */
export const pagesAtRest = (): number => nr_free_pages() + slabPages();

/** @param before - pagesAtRest() after boot @context the last process is gone, and all that is freed later has been */
export function leaks(before: number): Observation[] {
  const objects = [...liveObjects()].map(([name, count]) => `${count} ${name}`);
  const pages = before - pagesAtRest();
  if (objects.length === 0 && pages === 0) return [];
  return [
    {
      kind: 'leak:memory',
      title: `memory is not given back${objects.length > 0 ? `: ${[...liveObjects().keys()].join(', ')}` : ''}`,
      text: [
        objects.length > 0 ? `allocated: ${objects.join(', ')}` : 'no object is allocated',
        `${pages} pages are missing`,
      ],
      objects: [],
    },
  ];
}
