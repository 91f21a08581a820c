// SPDX-License-Identifier: GPL-2.0-only
/** Throughput at each width, against one that grows with the threads. */
import type { Sweep, SweepPoint } from '../../../sweep/result.ts';
import { count } from '../../text.ts';
import { figure } from '../figure.ts';
import type { Part } from '../markup.ts';
import { absent, type Section } from '../section.ts';
import { table } from '../table.ts';
import { compact, percent } from '../units.ts';

function widthTable({ points, fit }: Sweep): Part {
  const first = points[0];
  // without a fit the narrowest run stands for one thread
  const one = fit?.lambda ?? (first === undefined ? 0 : first.eventsPerSecond / first.threads);
  const speedUp = (point: SweepPoint): number => point.eventsPerSecond / one;
  return table<SweepPoint>({
    id: 'width-table',
    caption: `Speed-up is against ${compact(one)} events/s for one thread, ${
      fit === null ? 'from the narrowest run' : 'as fitted'
    }; efficiency is speed-up divided by threads.`,
    rows: points,
    columns: [
      { head: 'threads', cell: (point) => String(point.threads), heading: true },
      { head: 'events/s', cell: (point) => count(point.eventsPerSecond) },
      { head: 'spread', cell: (point) => `± ${count(point.spread)}`, title: 'half the distance between the quartiles' },
      { head: 'samples', cell: (point) => count(point.samples.length) },
      { head: 'speed-up', cell: (point) => (one > 0 ? `${speedUp(point).toFixed(2)} ×` : '–') },
      { head: 'efficiency', cell: (point) => (one > 0 ? percent(speedUp(point) / point.threads) : '–') },
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
