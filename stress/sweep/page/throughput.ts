// SPDX-License-Identifier: GPL-2.0-only
/** Throughput at each width, against one that grows with the threads. */
import { figure } from '../../html/figure.ts';
import type { Part } from '../../html/markup.ts';
import { absent, type Section } from '../../html/section.ts';
import { table } from '../../html/table.ts';
import { count } from '../../text/layout.ts';
import { compact, percent } from '../../text/units.ts';
import { scalingOf, sweepNotes } from '../rows.ts';
import type { Sweep, SweepPoint } from '../sweep_result.ts';

function widthTable(sweep: Sweep): Part {
  const speedUp = (point: SweepPoint): string => scalingOf(sweep, point)?.speedUp.toFixed(2) ?? '–';
  const efficiency = (point: SweepPoint): string => {
    const scaling = scalingOf(sweep, point);
    return scaling === null ? '–' : percent(scaling.efficiency);
  };
  return table<SweepPoint>({
    id: 'width-table',
    caption: `Speed-up is against the narrowest width; efficiency, for each thread. ${sweepNotes(sweep).join('; ')}`,
    rows: sweep.points,
    columns: [
      { head: 'threads', cell: (point) => String(point.threads), heading: true },
      { head: 'events/s', cell: (point) => count(point.eventsPerSecond) },
      { head: 'spread', cell: (point) => `± ${count(point.spread)}`, title: 'half the distance between the quartiles' },
      { head: 'samples', cell: (point) => count(point.samples.length) },
      { head: 'speed-up', cell: speedUp },
      { head: 'efficiency', cell: efficiency },
    ],
  });
}

export function sweepThroughput(sweep: Sweep): Section {
  const { points } = sweep;
  return {
    id: 'throughput',
    title: 'Throughput over threads',
    lead: points.length === 0 ? null : 'Each round is a sample; what stands for a width is the median of its samples.',
    body:
      points.length === 0
        ? absent('No width was run to its end.')
        : figure({
            kind: 'sweep-throughput',
            title: 'Events a second',
            note: 'medians, samples, fit and what linear growth would be',
            alt: `Throughput by threads: ${points
              .map((point) => `${point.threads} threads, ${compact(point.eventsPerSecond)} events/s`)
              .join('; ')}.`,
            height: 380,
            data: widthTable(sweep),
            open: true,
          }),
  };
}
