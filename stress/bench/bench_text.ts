// SPDX-License-Identifier: GPL-2.0-only
/** A benchmark on a terminal, and as Markdown. */
import { command, wrap } from '../text/layout.ts';
import { codeBlock, escaped, markdownTable } from '../text/markdown.ts';
import { palette } from '../text/palette.ts';
import { tableLines } from '../text/table.ts';
import { type Bench, PARTS, type Status } from './bench_result.ts';
import {
  COMPARISON_ALIGN,
  COMPARISON_HEAD,
  comparisonCells,
  comparisonNotes,
  judgedFigures,
  methodSentences,
  PART_TITLES,
  TARGET_ALIGN,
  TARGET_HEAD,
  tableAlign,
  tableHead,
  tableNotes,
  tableRows,
  tablesOf,
  targetCells,
  targetsSentence,
} from './rows.ts';

export const benchCommand = ({ again }: Bench): string =>
  ['npm run bench', again].filter((part) => part !== '').join(' -- ');

function comparisonLines({ comparison }: Bench, { color, width }: { color: boolean; width: number }): string[] {
  if (comparison === null) return [];
  return [
    '',
    palette(color).strong('Comparison'),
    ...tableLines({
      head: COMPARISON_HEAD,
      rows: judgedFigures(comparison).map(comparisonCells),
      align: COMPARISON_ALIGN,
      rule: true,
      indent: 2,
    }),
    '',
    ...comparisonNotes(comparison).flatMap((note) => wrap(note, width)),
    '',
  ];
}

export function toBenchText(bench: Bench, { color, width }: { color: boolean; width: number }): string {
  const paint = palette(color);
  const byStatus: Readonly<Record<Status, (text: string) => string>> = {
    moonshot: paint.good,
    met: paint.good,
    missed: paint.odd,
    'below the floor': paint.bad,
    'not measured': paint.faint,
  };
  const tables = tablesOf(bench.groups).flatMap((table) => [
    paint.strong(`${PART_TITLES[table.part]}: ${table.title}`),
    ...tableLines({
      head: tableHead(table),
      rows: tableRows(table),
      align: tableAlign(table),
      rule: true,
      indent: 2,
    }),
    ...tableNotes(table).flatMap((note) => wrap(note, width, '  ', '  ')),
    '',
  ]);
  const targets = bench.targets.map((row) => {
    const cells = targetCells(row);
    return [...cells.slice(0, -1), byStatus[row.status](cells.at(-1) ?? '')];
  });
  const lines = [
    ...tables,
    paint.strong('Targets'),
    ...tableLines({ head: TARGET_HEAD, rows: targets, align: TARGET_ALIGN, rule: true, indent: 2 }),
    '',
    ...methodSentences(bench).flatMap((sentence) => wrap(sentence, width)),
    ...comparisonLines(bench, { color, width }),
    targetsSentence(bench),
    ...(bench.comparison === null ? [] : [bench.comparison.conclusion]),
  ];
  return `${lines.join('\n')}\n`;
}

export function toBenchMarkdown(bench: Bench): string {
  const tables = tablesOf(bench.groups);
  const parts = [
    '# Benchmarks',
    codeBlock(command(benchCommand(bench), 120), 'sh'),
    `**${escaped(targetsSentence(bench))}**`,
    markdownTable(TARGET_HEAD, bench.targets.map(targetCells), TARGET_ALIGN),
    ...PARTS.flatMap((part) => {
      const own = tables.filter((table) => table.part === part);
      if (own.length === 0) return [];
      return [
        `## ${PART_TITLES[part]}`,
        ...own.flatMap((table) => [
          `**${escaped(table.title)}.** ${tableNotes(table).map(escaped).join(' ')}`,
          markdownTable(tableHead(table), tableRows(table), tableAlign(table)),
        ]),
      ];
    }),
    ...comparisonParts(bench),
    '## How it was measured',
    methodSentences(bench)
      .map((sentence) => `- ${escaped(sentence)}`)
      .join('\n'),
  ];
  return `${parts.join('\n\n')}\n`;
}

function comparisonParts({ comparison }: Bench): string[] {
  if (comparison === null) return [];
  return [
    '## Comparison',
    `**${escaped(comparison.conclusion)}**`,
    markdownTable(COMPARISON_HEAD, judgedFigures(comparison).map(comparisonCells), COMPARISON_ALIGN),
    comparisonNotes(comparison).map(escaped).join(' '),
  ];
}
