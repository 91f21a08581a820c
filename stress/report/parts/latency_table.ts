// SPDX-License-Identifier: GPL-2.0-only
/** How long system calls took, from the caller's side: a row for each call, or for each build. */
import type { Distribution } from '../../result/run_result.ts';
import { count, us } from '../../text/layout.ts';
import { type Column, fittingColumns, tableLines } from '../../text/table.ts';
import { percentile } from './percentiles.ts';

type Row = readonly [name: string, latency: Distribution];

export const latencyColumns = (of: string): readonly Column<Row>[] => [
  { head: of, cell: ([name]) => name, spare: 0 },
  { head: 'samples', cell: ([, latency]) => count(latency.samples), spare: 0 },
  { head: 'p50 us', cell: ([, latency]) => percentile(latency, 'p50'), spare: 0 },
  { head: 'p90 us', cell: ([, latency]) => percentile(latency, 'p90'), spare: 2 },
  { head: 'p99 us', cell: ([, latency]) => percentile(latency, 'p99'), spare: 0 },
  { head: 'p99.9 us', cell: ([, latency]) => percentile(latency, 'p999'), spare: 1 },
  { head: 'max us', cell: ([, latency]) => us(latency.max), spare: 0 },
];

export function latencyTable(latency: Readonly<Record<string, Distribution>>, width: number, of = 'syscall'): string[] {
  const rows = Object.entries(latency);
  const columns = fittingColumns(latencyColumns(of), rows, width);
  return tableLines({
    head: columns.map((column) => column.head),
    rows: rows.map((row) => columns.map((column) => column.cell(row))),
    align: columns.map(() => 'right'),
    rule: true,
  });
}
