// SPDX-License-Identifier: GPL-2.0-only
/** What moved since an earlier benchmark. */
import type { FigureComparison } from '../../compare/verdict.ts';
import { html } from '../../html/markup.ts';
import type { Section } from '../../html/section.ts';
import { table } from '../../html/table.ts';
import type { Bench } from '../bench_result.ts';
import { COMPARISON_HEAD, comparisonCells, comparisonNotes, judgedFigures } from '../rows.ts';

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
