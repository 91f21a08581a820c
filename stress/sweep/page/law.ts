// SPDX-License-Identifier: GPL-2.0-only
/** What the Universal Scalability Law makes of a sweep, a figure and a sentence each. */
import { html } from '../../html/markup.ts';
import { absent, type Section } from '../../html/section.ts';
import { table } from '../../html/table.ts';
import { fitLines } from '../rows.ts';
import type { Sweep } from '../sweep_result.ts';

type Row = readonly [figure: string, meaning: string];

export const sweepLaw = (sweep: Sweep): Section => ({
  id: 'law',
  title: 'Universal Scalability Law',
  lead: html`C(n) = λn / (1 + σ(n − 1) + κn(n − 1))`,
  body:
    sweep.fit === null
      ? absent('Fewer than three widths were run: too few for a fit.')
      : table<Row>({
          id: 'law-table',
          caption: 'The fit to the medians.',
          rows: fitLines(sweep),
          columns: [
            { head: 'figure', cell: ([name]) => name, align: 'left', heading: true },
            { head: 'what it means', cell: ([, meaning]) => meaning, align: 'left' },
          ],
        }),
});
