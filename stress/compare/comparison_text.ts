// SPDX-License-Identifier: GPL-2.0-only
/** A comparison on a terminal. */
import { wrap } from '../text/layout.ts';
import { palette } from '../text/palette.ts';
import { fittingColumns, tableLines } from '../text/table.ts';
import type { Comparison } from './compare.ts';
import { alignOf, columns, methodSentences, scopeSentences, sections } from './rows.ts';
import type { FigureComparison, FigureVerdict } from './verdict.ts';

type Paint = (text: string) => string;

/** @param width - columns of the terminal */
export function comparisonText(
  comparison: Comparison,
  { color, width }: { readonly color: boolean; readonly width: number },
): string {
  const paint = palette(color);
  const byVerdict: Readonly<Record<FigureVerdict, Paint>> = {
    'no difference': paint.faint,
    'too few rounds': paint.odd,
    faster: paint.good,
    less: paint.good,
    slower: paint.bad,
    more: paint.bad,
  };
  const { differing, names, figures, conclusion } = comparison;
  const shown = fittingColumns(columns(comparison), figures, width);
  const cells = (figure: FigureComparison): string[] =>
    shown.map(({ head, cell }) => (head === 'verdict' ? byVerdict[figure.verdict](cell(figure)) : cell(figure)));
  const lines = [
    paint.strong('Comparison'),
    ...tableLines({
      head: ['', 'A', 'B'],
      rows: [['run', names.a, names.b], ...differing.map(({ name, a, b }) => [name, a, b])],
      align: ['left', 'left', 'left'],
    }),
    ...scopeSentences(comparison).flatMap((sentence) => wrap(sentence, width)),
    ...sections(comparison).flatMap(({ title, rows }) => [
      '',
      paint.strong(title),
      ...tableLines({
        head: shown.map(({ head }) => head),
        rows: rows.map(cells),
        align: shown.map(({ head }) => alignOf(head)),
        rule: true,
      }),
    ]),
    '',
    ...methodSentences(comparison).flatMap((sentence) => wrap(sentence, width)),
    '',
    conclusion,
  ];
  return `${lines.join('\n')}\n`;
}
