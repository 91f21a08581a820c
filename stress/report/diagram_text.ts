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
 *    |-> ring->head = 1   (written to the |
 *        old page)   *HERE*               |
 */
import type { Diagram, DiagramRow } from '../det/explanation.ts';
import { tableLines } from './table.ts';
import { clip, plural, wrap } from './text.ts';

const BETWEEN = ' | ';
const ARM = ' |-> ';
const UNDER_ARM = '     ';
const HERE = '   *HERE*';

/** `fs/aio.c aio_complete()` without the file. */
const functionOf = ({ linux }: DiagramRow): string => linux.replace(/^\S+ /, '');

/** A line of the drawing: in a column, or across all for what no CPU did. */
interface Line {
  readonly column: number;
  readonly text: string;
}

function linesOf(row: DiagramRow, column: number, width: number, opens: boolean): Line[] {
  const name = functionOf(row);
  const words = row.text + (row.truth ? HERE : '');
  const indent = name === '' ? '' : ARM;
  const lines = wrapped(words, width, indent, name === '' ? '  ' : UNDER_ARM);
  const head = opens && name !== '' ? [clip(name, width)] : [];
  return [...head, ...lines].map((text) => ({ column, text }));
}

/** As wrap(), with the spaces in the text as they are where it fits. */
const wrapped = (text: string, width: number, first: string, rest: string): string[] =>
  first.length + text.length <= width ? [first + text] : wrap(text, width, first, rest);

/** The body, line by line. @param widths - of each column */
function body({ columns, rows }: Diagram, width: number): Line[] {
  const lines: Line[] = [];
  const at = new Map(columns.map(({ cpu }, i) => [cpu, i]));
  let last: DiagramRow | undefined;
  for (const row of rows) {
    const column = at.get(row.cpu) ?? 0;
    const from = last === undefined ? undefined : at.get(last.cpu);
    if (row.switched !== '' && from !== undefined) {
      lines.push({ column: from, text: clip(`${UNDER_ARM}-- ${row.switched} --`, width) });
    }
    const opens = last === undefined || last.cpu !== row.cpu || last.linux !== row.linux;
    lines.push(...linesOf(row, column, width, opens));
    last = row;
  }
  return lines;
}

const isAcross = (diagram: Diagram, row: DiagramRow): boolean => !diagram.columns.some(({ cpu }) => cpu === row.cpu);

/** @returns lines of at most `width` columns */
export function diagramText(diagram: Diagram, width: number): string[] {
  const { columns, rows, leftOut } = diagram;
  const count = Math.max(1, columns.length);
  const room = Math.floor((width - BETWEEN.length * (count - 1)) / count);
  const inside = { ...diagram, rows: rows.filter((row) => !isAcross(diagram, row)) };
  const lines = tableLines({
    head: columns.map(({ cpu, role }) => `cpu ${cpu} ${role}`),
    rows: body(inside, room).map(({ column, text }) => columns.map((_, i) => (i === column ? text : ''))),
    align: columns.map(() => 'left' as const),
    widths: columns.map(() => room),
    rule: true,
    between: BETWEEN,
  });
  const across = rows.filter((row) => isAcross(diagram, row)).flatMap(({ text }) => wrap(`${text}${HERE}`, width));
  const short = leftOut === 0 ? [] : wrap(`(${plural(leftOut, 'step')} that tell less left out)`, width);
  return [...lines, ...across, ...short];
}

/** As a code block of Markdown. */
export const diagramMarkdown = (diagram: Diagram): string[] => ['```text', ...diagramText(diagram, 110), '```'];
