// SPDX-License-Identifier: GPL-2.0-only
/**
 * An interleaving as text, as the messages of commits draw it:
 *
 *   cpu 2 getter                          | cpu 3 migrator
 *   --------------------------------------+---------------------------------------
 *                                         | aio_migratepage()
 *                                         |  |-> completion_lock ← taken
 *                                         |  |-> copies old page to new page
 *                                         |      -- preempted --
 *   aio_read_events_ring()                |
 *    |-> ring->head = 1 (written to the   |
 *        old page) *HERE*                 |
 */
import type { Diagram, DiagramRow } from '../../result/explanation.ts';
import { clip, plural, wrap } from '../../text/layout.ts';
import { tableLines } from '../../text/table.ts';

const BETWEEN = ' | ';
const ARM = ' |-> ';
const UNDER_ARM = '     ';
const HERE = ' *HERE*';
const MARKDOWN_WIDTH = 110;

/** `fs/aio.c aio_complete()` without the file. */
const functionOf = ({ linux }: DiagramRow): string => linux.replace(/^\S+ /, '');

/** A line of the drawing. */
interface Line {
  readonly column: number;
  readonly text: string;
}

/** @param opens - whether the function is to be named */
function linesOf(row: DiagramRow, column: number, width: number, opens: boolean): Line[] {
  const name = functionOf(row);
  const words = row.text + (row.truth ? HERE : '');
  const [first, rest] = name === '' ? ['', '  '] : [ARM, UNDER_ARM];
  // As it is where it fits: wrap() makes one space of several.
  const lines = first.length + words.length <= width ? [first + words] : wrap(words, width, first, rest);
  const head = opens && name !== '' ? [clip(name, width)] : [];
  return [...head, ...lines].map((text) => ({ column, text }));
}

/** The drawing without its head. @param width - of a column */
function body(columns: Diagram['columns'], rows: readonly DiagramRow[], width: number): Line[] {
  const lines: Line[] = [];
  const at = new Map(columns.map(({ cpu }, i) => [cpu, i]));
  let last: DiagramRow | undefined;
  for (const row of rows) {
    const column = at.get(row.cpu) ?? 0;
    const from = last === undefined ? undefined : at.get(last.cpu);
    if (row.switched !== '' && from !== undefined) {
      lines.push({ column: from, text: clip(`${UNDER_ARM}-- ${row.switched} --`, width) });
    }
    lines.push(...linesOf(row, column, width, last?.cpu !== row.cpu || last.linux !== row.linux));
    // What comes of another CPU without a switch does not interrupt the one that runs.
    if (last === undefined || last.cpu === row.cpu || row.switched !== '') last = row;
  }
  return lines;
}

/** @returns lines of at most `width` columns */
export function diagramText({ columns, rows, leftOut }: Diagram, width: number): string[] {
  const isInside = ({ cpu }: DiagramRow): boolean => columns.some((column) => column.cpu === cpu);
  const outside = rows.filter((row) => !isInside(row));
  const across = outside.flatMap(({ text, truth }) => wrap(text + (truth ? HERE : ''), width));
  const short = leftOut === 0 ? [] : wrap(`(${plural(leftOut, 'step')} that tell less left out)`, width);
  if (columns.length === 0) return [...across, ...short];
  const room = Math.floor((width - BETWEEN.length * (columns.length - 1)) / columns.length);
  const drawing = tableLines({
    head: columns.map(({ cpu, role }) => `cpu ${cpu} ${role}`),
    rows: body(columns, rows.filter(isInside), room).map(({ column, text }) =>
      columns.map((_, i) => (i === column ? text : '')),
    ),
    align: columns.map(() => 'left' as const),
    widths: columns.map(() => room),
    rule: true,
    between: BETWEEN,
  });
  return [...drawing, ...across, ...short];
}

/** As a code block of Markdown. */
export const diagramMarkdown = (diagram: Diagram): string[] => [
  '```text',
  ...diagramText(diagram, MARKDOWN_WIDTH),
  '```',
];
