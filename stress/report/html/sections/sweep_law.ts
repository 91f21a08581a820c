// SPDX-License-Identifier: GPL-2.0-only
/** What the Universal Scalability Law makes of a sweep, a figure and a sentence each. */
import type { Sweep, UslFit } from '../../../sweep/result.ts';
import { html } from '../markup.ts';
import { absent, type Section } from '../section.ts';
import { table } from '../table.ts';
import { compact, percent } from '../units.ts';

type Row = readonly [name: string, value: string, meaning: string];

function rowsOf({ lambda, sigma, kappa, r2, peakThreads }: UslFit, widest: number): Row[] {
  const beyond = peakThreads !== null && peakThreads > widest ? ' That is beyond what was run.' : '';
  return [
    ['λ', `${compact(lambda)} events/s`, 'What one thread does on its own.'],
    [
      'σ, contention',
      sigma.toPrecision(3),
      `${percent(sigma)} of the work goes one after the other, such as under a lock.`,
    ],
    [
      'κ, coherence',
      kappa.toPrecision(3),
      'What each pair of threads costs, such as moving a cache line between them.',
    ],
    ['R²', r2.toFixed(4), `The fit explains ${percent(Math.max(0, r2))} of the variance of the medians.`],
    [
      'peak',
      peakThreads === null ? 'none' : `${peakThreads.toFixed(1)} threads`,
      peakThreads === null
        ? 'Throughput grows with every further thread.'
        : `More threads than that make it slower.${beyond}`,
    ],
  ];
}

export const sweepLaw = ({ fit, points }: Sweep): Section => ({
  id: 'law',
  title: 'Universal Scalability Law',
  lead: html`C(n) = λn / (1 + σ(n − 1) + κn(n − 1))`,
  body:
    fit === null
      ? absent('Fewer than three widths were run: too few for a fit.')
      : table<Row>({
          id: 'law-table',
          caption: 'The fit to the medians.',
          rows: rowsOf(fit, Math.max(...points.map(({ threads }) => threads))),
          columns: [
            { head: 'figure', cell: ([name]) => name, align: 'left', heading: true },
            { head: 'value', cell: ([, value]) => value },
            { head: 'what it means', cell: ([, , meaning]) => meaning, align: 'left' },
          ],
        }),
});
