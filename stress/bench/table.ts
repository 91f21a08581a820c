// SPDX-License-Identifier: GPL-2.0-only
/** The table of a benchmark. */
import Table from 'cli-table3';
import type { Summary } from './samples.ts';
import type { ScheduleSpeed } from './schedules.ts';

const ns = (value: number | null): string => (value === null ? '-' : value.toFixed(1));

export function renderTable(rows: readonly Summary[]): string {
  const table = new Table({
    head: ['what', 'threads', 'ns', 'per', 'spread', 'C: ns', 'ratio to C'],
    colAligns: ['left', 'right', 'right', 'left', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  });
  for (const row of rows) {
    table.push([
      row.name,
      row.threads,
      ns(row.ns),
      row.operation,
      `±${row.spreadPercent.toFixed(0)} %`,
      ns(row.nsC),
      row.ratioToC === null ? '-' : row.ratioToC.toFixed(2),
    ]);
  }
  return table.toString();
}

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');

export function renderSchedules(rows: readonly ScheduleSpeed[]): string {
  const table = new Table({
    head: ['scheduler', 'schedules', 'a minute', 'points/s', 'steps/s', 'hand-overs/s'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  });
  for (const row of rows) {
    table.push([
      row.scheduler,
      whole(row.schedules),
      whole((60 * row.schedules) / row.seconds),
      whole(row.pointsPerSecond),
      whole(row.stepsPerSecond),
      whole(row.switchesPerSecond),
    ]);
  }
  return table.toString();
}
