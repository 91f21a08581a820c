// SPDX-License-Identifier: GPL-2.0-only
/** A section for each part of a benchmark that was measured: its charts, and its tables. */
import { figure } from '../../html/figure.ts';
import type { Markup, Part } from '../../html/markup.ts';
import type { Section } from '../../html/section.ts';
import { table } from '../../html/table.ts';
import { type Bench, contestantOf, type Group, PARTS, type PartName } from '../bench_result.ts';
import { type BenchTable, cellText, PART_TITLES, tableNotes, tablesOf } from '../rows.ts';

function figuresTable(one: BenchTable, index: number): Markup {
  const { part, title, groups, names } = one;
  return table<string>({
    id: `${part}-table-${index}`,
    caption: `${title}. ${tableNotes(one).join(' ')}`,
    rows: names,
    columns: [
      { head: '', cell: (name) => name, align: 'left', heading: true },
      ...groups.map((group) => ({
        head: group.column,
        cell: (name: string): Part => cellText(group, contestantOf(group, name)),
      })),
    ],
  });
}

const LINES = 340;
const said = (groups: readonly Group[]): string =>
  groups
    .map((group) => {
      const cells = group.contestants.flatMap((one) =>
        one.value === null ? [] : [`${one.name} ${cellText(group, one)}`],
      );
      return `${group.column}: ${cells.join(', ')}`;
    })
    .join('; ');

function throughput(one: BenchTable, index: number): Markup {
  return figure({
    kind: 'bench-throughput',
    part: one.title,
    title: `Lockings a second: ${one.title}`,
    note: 'of all threads together, on a logarithmic axis',
    alt: `Time per locking. ${said(one.groups)}.`,
    height: LINES,
    data: figuresTable(one, index),
    open: true,
  });
}

/** Both tables have the same columns, and a chart shows a column of both. */
function shares(tables: readonly BenchTable[]): Markup[] {
  const [first] = tables;
  if (first === undefined) return [];
  return first.groups.map(({ column, contestants }) => {
    const groups = tables.flatMap((one) => one.groups.filter((group) => group.column === column));
    return figure({
      kind: 'bench-fairness',
      part: column,
      title: `Shares of ${column}`,
      note: 'from the least to the most, of what would be fair',
      alt: `Least and most share. ${said(groups)}.`,
      height: 34 * contestants.length + 40,
      data: tables.map((one, i) => figuresTable({ ...one, groups: groups.slice(i, i + 1) }, i)),
    });
  });
}

function overRows(title: string, part: string, tables: readonly BenchTable[]): Markup {
  const groups = tables.flatMap((one) => one.groups);
  return figure({
    kind: 'bench-over-rows',
    part,
    title,
    note: 'medians, on a logarithmic axis',
    alt: `${title}. ${said(groups)}.`,
    height: LINES,
    data: tables.map(figuresTable),
    open: true,
  });
}

const isMeasured = ({ groups }: BenchTable): boolean =>
  groups.some(({ contestants }) => contestants.some(({ value }) => value !== null));

function bodyOf(part: PartName, tables: readonly BenchTable[]): Part {
  // a chart of nothing says nothing
  if (!tables.every(isMeasured)) return tables.map(figuresTable);
  switch (part) {
    case 'locks':
      return tables.map(throughput);
    case 'fairness':
      return shares(tables);
    case 'latency':
      return overRows('Time of a call', part, tables);
    case 'startup':
      return overRows('Time until all threads have joined', part, tables);
    case 'scaling':
      return tables.map((one) => overRows(one.title, one.title, [one]));
    default:
      return tables.map(figuresTable);
  }
}

export function benchParts({ groups }: Bench): Section[] {
  const tables = tablesOf(groups);
  return PARTS.flatMap((part) => {
    const own = tables.filter((one) => one.part === part);
    return own.length === 0 ? [] : [{ id: part, title: PART_TITLES[part], body: bodyOf(part, own) }];
  });
}
