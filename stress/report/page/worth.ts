// SPDX-License-Identifier: GPL-2.0-only
/** What a green run is worth: how much was looked at, and how soon this test sees what is there to be seen. */
import { breakable, html, type Markup } from '../../html/markup.ts';
import { absent, type Section } from '../../html/section.ts';
import { type Column, table } from '../../html/table.ts';
import type { Detection, RunResult, ScenarioResult } from '../../result/run_result.ts';
import { count, span } from '../../text/layout.ts';
import { worthSentences } from '../parts/worth.ts';

type Row = ScenarioResult & { readonly detection: Detection };

const quantile = (head: string, pick: (detection: Detection) => number | null): Column<Row> => ({
  head,
  cell: ({ detection }) => {
    const ms = pick(detection);
    return ms === null ? html`<span class="faint">never</span>` : span(ms);
  },
});

const COLUMNS: readonly Column<Row>[] = [
  { head: 'fix taken back', cell: ({ build }) => breakable(build.reverted.join(', ')), align: 'left', heading: true },
  { head: 'scenario', cell: ({ name }) => breakable(name), align: 'left' },
  { head: 'rounds', cell: ({ detection }) => count(detection.rounds) },
  { head: 'showed it', cell: ({ detection }) => count(detection.detected) },
  { head: 'exposure', cell: ({ detection }) => span(detection.exposureMs) },
  quantile('p50', (detection) => detection.p50Ms),
  quantile('p95', (detection) => detection.p95Ms),
  quantile('p99', (detection) => detection.p99Ms),
];

function detections(rows: readonly Row[]): Markup {
  if (rows.length === 0) return absent('No build with a fix taken back was run, so no time to detection is known.');
  return table<Row>({
    id: 'detection',
    caption:
      'Time to detection, were its rate constant: −ln(1 − q) × exposure / rounds that showed it. ' +
      'A soak that is shorter than p99 may well miss such a race.',
    rows,
    columns: COLUMNS,
  });
}

const hasDetection = (scenario: ScenarioResult): scenario is Row => scenario.detection !== null;

export const worth = (result: RunResult): Section => ({
  id: 'worth',
  title: 'What this run is worth',
  body: html`${worthSentences(result).map((sentence) => html`<p>${sentence}</p>`)}
${detections(result.scenarios.filter(hasDetection))}`,
});
