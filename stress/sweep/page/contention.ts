// SPDX-License-Identifier: GPL-2.0-only
/** Which locks make it so: the share of each class's acquisitions that had to wait, at each width. */
import { figure } from '../../html/figure.ts';
import { html, type Part } from '../../html/markup.ts';
import { absent, type Section } from '../../html/section.ts';
import { table } from '../../html/table.ts';
import { count, plural } from '../../text/layout.ts';
import { percent } from '../../text/units.ts';
import type { Sweep } from '../sweep_result.ts';

/** Classes that were contended at any width. */
const contendedClasses = ({ points }: Sweep): string[] => [
  ...new Set(points.flatMap(({ locks }) => locks.filter((lock) => lock.contentions > 0).map((lock) => lock.class))),
];

function contentionTable({ points }: Sweep, classes: readonly string[]): Part {
  return table<string>({
    id: 'contention-table',
    caption: 'Share of acquisitions that waited, and how many acquisitions there were.',
    rows: classes,
    columns: [
      { head: 'class', cell: (cls) => cls, align: 'left', heading: true },
      ...points.map(({ threads, locks }) => ({
        head: plural(threads, 'thread'),
        cell: (cls: string): Part => {
          const lock = locks.find((one) => one.class === cls);
          return lock === undefined || lock.acquisitions === 0
            ? html`<span class="faint">–</span>`
            : html`${percent(lock.contentions / lock.acquisitions)}
<span class="faint">of ${count(lock.acquisitions)}</span>`;
        },
      })),
    ],
  });
}

export function sweepContention(sweep: Sweep): Section {
  const classes = contendedClasses(sweep);
  return {
    id: 'contention',
    title: 'Contention over threads',
    lead: classes.length === 0 ? null : "Each width's own run has every column of lock_stat.",
    body:
      classes.length === 0
        ? absent('No lock was contended.')
        : figure({
            kind: 'sweep-contention',
            title: 'Acquisitions that waited',
            note: 'by lock class',
            alt: `Share of acquisitions that waited, by threads, for ${classes.join(', ')}.`,
            height: 340,
            data: contentionTable(sweep, classes),
            open: true,
          }),
  };
}
