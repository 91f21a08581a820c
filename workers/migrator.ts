// SPDX-License-Identifier: GPL-2.0-only
/**
 * The migrator: memory compaction that moves every page it can, again and again.
 *
 * @linux mm/compaction.c v3.17
 */
import { kernel_enter, kernel_exit } from '../src/kernel/sched/core.ts';
import { migrate_page } from '../src/mm/migrate.ts';
import { type page, pfn_range, pfn_to_page } from '../src/mm/page_alloc.ts';
import type { User } from './user.ts';

/** Pages that are in some file's page cache right now. */
function movablePages(): page[] {
  const found: page[] = [];
  const [first, end] = pfn_range();
  for (let pfn = first; pfn < end; pfn++) {
    const p = pfn_to_page(pfn);
    if (p.mapping !== 0) found.push(p);
  }
  return found;
}

/** The role. Ends with the round. */
export function migrator(user: User): void {
  while (user.running()) {
    kernel_enter();
    const pages = movablePages();
    kernel_exit();
    for (const p of pages) {
      if (!user.running()) break;
      kernel_enter();
      const rc = migrate_page(p);
      kernel_exit();
      user.count(rc === 0 ? 'pages migrated' : 'migration refused');
      user.rest();
    }
    if (pages.length === 0) user.pause(500);
  }
}
