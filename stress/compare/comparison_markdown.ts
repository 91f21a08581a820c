// SPDX-License-Identifier: GPL-2.0-only
/** A comparison for a CI step's summary. */
import { escaped, markdownTable } from '../text/markdown.ts';
import type { Comparison } from './compare.ts';
import { alignOf, columns, methodSentences, scopeSentences, sections } from './rows.ts';

export function comparisonMarkdown(comparison: Comparison): string {
  const { names, differing, conclusion } = comparison;
  const shown = columns(comparison);
  const parts = [
    '# Comparison',
    `**${escaped(conclusion)}**`,
    markdownTable(
      ['', 'A', 'B'],
      [['run', names.a, names.b], ...differing.map(({ name, a, b }) => [name, a, b])],
      ['left', 'left', 'left'],
    ),
    scopeSentences(comparison).map(escaped).join(' '),
    ...sections(comparison).flatMap(({ title, rows }) => [
      `## ${title}`,
      markdownTable(
        shown.map(({ head }) => head),
        rows.map((row) => shown.map(({ cell }) => cell(row))),
        shown.map(({ head }) => alignOf(head)),
      ),
    ]),
    methodSentences(comparison).map(escaped).join(' '),
  ];
  return `${parts.join('\n\n')}\n`;
}
