// SPDX-License-Identifier: GPL-2.0-only
/** Tables for a terminal: columns with two spaces between, a rule below the head where one is wanted. */
import Table from 'cli-table3';
import { columnsOf, wrap } from './layout.ts';

export type Align = 'left' | 'right';

export interface TableSpec {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly align: readonly Align[];
  /** Widths of columns whose text is wrapped; null for as wide as it is. */
  readonly widths?: readonly (number | null)[];
  readonly rule?: boolean;
  readonly between?: string;
  readonly indent?: number;
}

/** Breaks what is too wide; the library would cut a long word off. */
function broken(cell: string, width: number | null | undefined): string {
  if (width === null || width === undefined) return cell;
  return cell
    .split('\n')
    .flatMap((line) => (columnsOf(line) <= width ? [line] : wrap(line, width)))
    .join('\n');
}

/** @returns lines without spaces at their ends */
export function tableLines(spec: TableSpec): string[] {
  const { head, rows, align, widths = [], rule = false, between = '  ', indent = 0 } = spec;
  const table = new Table({
    head: head.map((cell, i) => broken(cell, widths[i])),
    colAligns: [...align],
    colWidths: [...widths],
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
    chars: {
      top: '',
      'top-mid': '',
      'top-left': '',
      'top-right': '',
      bottom: '',
      'bottom-mid': '',
      'bottom-left': '',
      'bottom-right': '',
      left: '',
      'left-mid': '',
      mid: rule ? '-' : '',
      'mid-mid': rule ? between.replaceAll(' ', '-').replaceAll('|', '+') : '',
      right: '',
      'right-mid': '',
      middle: between,
    },
  });
  table.push(...rows.map((row) => row.map((cell, i) => broken(cell, widths[i]))));
  return table
    .toString()
    .split('\n')
    .map((line) => `${' '.repeat(indent)}${line}`.trimEnd());
}

/** A column of numbers, and how readily it is left out where there is no room: the highest number first. */
export interface Column<T> {
  readonly head: string;
  readonly cell: (row: T) => string;
  readonly spare: number;
}

/** The columns that fit into a width, in their order; those with `spare` 0 always stay. */
export function fittingColumns<T>(columns: readonly Column<T>[], rows: readonly T[], width: number): Column<T>[] {
  const wide = ({ head, cell }: Column<T>): number =>
    Math.max(...head.split('\n').map((line) => line.length), ...rows.map((row) => cell(row).length));
  let left = [...columns];
  const total = (): number => left.reduce((sum, column) => sum + wide(column) + 2, -2);
  while (total() > width) {
    const most = Math.max(...left.map((column) => column.spare));
    if (most === 0) break;
    left = left.filter((column) => column.spare < most);
  }
  return left;
}
