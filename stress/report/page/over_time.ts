// SPDX-License-Identifier: GPL-2.0-only
/** How throughput, the rings, grace periods and live contexts went over the run. */
import { figure } from '../../html/figure.ts';
import { html, type Markup } from '../../html/markup.ts';
import { absent, type Section } from '../../html/section.ts';
import { table } from '../../html/table.ts';
import { buildText } from '../../result/labels.ts';
import type { RunResult, TimelinePoint } from '../../result/run_result.ts';
import { count, span } from '../../text/layout.ts';
import { compact, percent } from '../../text/units.ts';
import { measuredOn } from '../parts/measured.ts';

const HEIGHT = 540;

const share = (value: number | null): string => (value === null ? 'no context' : percent(value));

const timeTable = ({ timeline, scenarios }: RunResult): Markup =>
  table<TimelinePoint>({
    id: 'time-table',
    caption: 'The run in stretches, each with the time of its middle.',
    rows: timeline,
    columns: [
      { head: 'at', cell: (point) => span(point.ms), heading: true },
      { head: 'events/s', cell: (point) => count(point.eventsPerSecond) },
      { head: 'unread slots', cell: (point) => share(point.occupancy) },
      { head: 'free slots', cell: (point) => share(point.freeSlots) },
      { head: 'grace periods/s', cell: (point) => point.gracePeriodsPerSecond.toFixed(1) },
      { head: 'live contexts', cell: (point) => point.contexts.toFixed(1).replace(/\.0$/, '') },
      {
        head: 'scenario',
        cell: (point) => {
          const scenario = scenarios[point.scenario];
          return scenario === undefined ? '' : `${scenario.name}, ${buildText(scenario)}`;
        },
        align: 'left',
      },
    ],
  });

/** Buttons that do what a mouse does in the charts below them. */
const zoom = html`<div class="zoom" role="group" aria-label="Part of the run that the charts show">
<button type="button" data-zoom="in">Zoom in</button>
<button type="button" data-zoom="out">Zoom out</button>
<button type="button" data-zoom="earlier">Earlier</button>
<button type="button" data-zoom="later">Later</button>
<button type="button" data-zoom="all">Whole run</button>
<output aria-live="polite"></output>
</div>`;

export function overTime(result: RunResult): Section {
  const { timeline, throughput } = result;
  const rates = timeline.map((point) => point.eventsPerSecond);
  const total =
    throughput.events === 0
      ? 'No event was reaped.'
      : `${count(throughput.eventsPerSecond)} events/s, ${count(throughput.events)} events. ${measuredOn(result)}`;
  return {
    id: 'time',
    title: 'Over time',
    lead: timeline.length === 0 ? total : `${total} The charts show the whole run, all builds.`,
    body:
      timeline.length === 0
        ? absent('No timeline was recorded.')
        : html`${zoom}${figure({
            kind: 'over-time',
            title: 'Throughput, rings, grace periods and contexts',
            note: 'shaded: a build with a fix taken back',
            alt:
              `Four charts over the time of the run, ${span(result.elapsedMs)}: events a second, from ` +
              `${compact(Math.min(...rates))} to ${compact(Math.max(...rates))}; ` +
              'shares of unread and of free ring slots; ' +
              'grace periods a second; live contexts.',
            height: HEIGHT,
            data: timeTable(result),
          })}`,
  };
}
