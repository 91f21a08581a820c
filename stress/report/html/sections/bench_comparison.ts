// SPDX-License-Identifier: GPL-2.0-only
/** What moved since an earlier benchmark. */
import type { Bench } from '../../../bench/result.ts';
import { COMPARISON_HEAD, comparisonCells, comparisonNotes, judgedFigures } from '../../../bench/rows.ts';
import type { FigureComparison } from '../../../compare/verdict.ts';
import { html } from '../markup.ts';
import type { Section } from '../section.ts';
import { table } from '../table.ts';

/** @returns none if there was nothing to compare with */
export function benchComparison({ comparison }: Bench): Section[] {
  if (comparison === null) return [];
  const notes = comparisonNotes(comparison).map((note) => html`<p>${note}</p>`);
  const figures = table<FigureComparison>({
    id: 'comparison-table',
    caption: 'A is the earlier run.',
    rows: judgedFigures(comparison),
    columns: COMPARISON_HEAD.map((head, i) => ({
      head,
      cell: (one: FigureComparison) => comparisonCells(one)[i] ?? '',
      heading: i === 0,
      align: i === 0 || head === 'verdict' ? ('left' as const) : ('right' as const),
    })),
  });
  return [{ id: 'comparison', title: 'Comparison', lead: comparison.conclusion, body: [figures, notes] }];
}
