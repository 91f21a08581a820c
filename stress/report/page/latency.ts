// SPDX-License-Identifier: GPL-2.0-only
/** How long each system call took, from the caller's side: a plot of percentiles, and the figures. */
import { figure } from '../../html/figure.ts';
import { html, type Markup } from '../../html/markup.ts';
import { absent, type Section } from '../../html/section.ts';
import { type Column, table } from '../../html/table.ts';
import type { Distribution, RunResult } from '../../result/run_result.ts';
import { count } from '../../text/layout.ts';
import { duration } from '../../text/units.ts';
import { type Contrast, contrastsOf } from '../parts/contrast.ts';
import { measuredOn } from '../parts/measured.ts';

type Row = readonly [name: string, latency: Distribution];

const time = (head: string, pick: (latency: Distribution) => number): Column<Row> => ({
  head,
  cell: ([, latency]) => (latency.samples === 0 ? html`<span class="faint">–</span>` : duration(pick(latency))),
  value: ([, latency]) => (latency.samples === 0 ? -1 : pick(latency)),
});

const columns = (of: string): readonly Column<Row>[] => [
  {
    head: of,
    cell: ([name]) => html`<code>${name}</code>`,
    value: ([name]) => name,
    align: 'left',
    heading: true,
  },
  { head: 'samples', cell: ([, latency]) => count(latency.samples), value: ([, latency]) => latency.samples },
  time('min', (latency) => latency.min),
  time('mean', (latency) => latency.mean),
  time('p50', (latency) => latency.p50),
  time('p90', (latency) => latency.p90),
  time('p99', (latency) => latency.p99),
  time('p99.9', (latency) => latency.p999),
  time('max', (latency) => latency.max),
];
const SAMPLES = 1;

const latencyTable = (rows: readonly Row[]): Markup =>
  table<Row>({
    id: 'latency-table',
    caption: 'Latency by system call; a head sorts.',
    columns: columns('system call'),
    rows,
    sorted: SAMPLES,
  });

const contrasted = ({
  call,
  scenario,
  latency,
  text,
}: Contrast): Markup => html`<h3>${call}() with and without the fix</h3>
<p>${scenario}: ${text}.</p>
${table<Row>({
  id: `contrast-${call}`,
  caption: `${call}() by build.`,
  columns: columns('build'),
  rows: Object.entries(latency),
})}`;

export function latency(result: RunResult): Section {
  const rows = Object.entries(result.latency)
    .filter(([, d]) => d.samples > 0)
    .sort(([, a], [, b]) => b.samples - a.samples);
  const alt = rows.map(([call, d]) => `${call}: 99 % within ${duration(d.p99)}`).join('; ');
  return {
    id: 'latency',
    title: 'System call latency',
    lead: rows.length === 0 ? null : `${measuredOn(result)} Percentiles are known to 1.6 %.`,
    body: [
      rows.length === 0
        ? absent('No system call was measured.')
        : figure({
            kind: 'percentiles',
            title: 'Percentiles',
            note: 'how long all but the slowest took',
            alt: `Curves of time by percentile, both on logarithmic axes. ${alt}.`,
            height: 360,
            data: latencyTable(rows),
            open: true,
          }),
      contrastsOf(result.scenarios).map(contrasted),
    ],
  };
}
