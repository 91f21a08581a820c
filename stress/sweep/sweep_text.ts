// SPDX-License-Identifier: GPL-2.0-only
/** A sweep on a terminal, and as Markdown. */
import { command, wrap } from '../text/layout.ts';
import { codeBlock, escaped, markdownTable } from '../text/markdown.ts';
import { palette } from '../text/palette.ts';
import { tableLines } from '../text/table.ts';
import { fitLines, SWEEP_ALIGN, SWEEP_HEAD, sweepNotes, sweepRows } from './rows.ts';
import type { Sweep } from './sweep_result.ts';

const TITLE = 'Throughput by number of threads';
const again = (sweep: Sweep): string => `npm run stress -- ${sweep.again}`;

export function toSweepText(sweep: Sweep, { color, width }: { color: boolean; width: number }): string {
  const paint = palette(color);
  const fit = fitLines(sweep);
  const figures = Math.max(...fit.map(([figure]) => figure.length));
  const lines = [
    ...command(again(sweep), width),
    '',
    paint.strong(TITLE),
    ...tableLines({ head: SWEEP_HEAD, rows: sweepRows(sweep), align: SWEEP_ALIGN, rule: true, indent: 2 }),
    '',
    paint.strong('Universal Scalability Law'),
    ...fit.flatMap(([figure, meaning]) =>
      wrap(meaning, width, `  ${figure.padEnd(figures)}  `, ' '.repeat(figures + 4)),
    ),
    '',
    ...sweepNotes(sweep).flatMap((note) => wrap(note, width, '  ')),
  ];
  return `${lines.join('\n')}\n`;
}

export function toSweepMarkdown(sweep: Sweep): string {
  const { environment } = sweep;
  const parts = [
    `# ${TITLE}`,
    codeBlock(command(again(sweep), 120), 'sh'),
    markdownTable(SWEEP_HEAD, sweepRows(sweep), SWEEP_ALIGN),
    '## Universal Scalability Law',
    fitLines(sweep)
      .map(([figure, meaning]) => `- **${escaped(figure)}**: ${escaped(meaning)}`)
      .join('\n'),
    '## What was measured',
    [
      ...sweepNotes(sweep),
      `${environment.cpuModel}, ${environment.platform}, node ${environment.node}, ${environment.tool} at ` +
        environment.commit,
    ]
      .map((note) => `- ${escaped(note)}`)
      .join('\n'),
  ];
  return `${parts.join('\n\n')}\n`;
}
