// SPDX-License-Identifier: GPL-2.0-only
/** What was asked of the figures, and what they came to. */
import { badge } from '../../html/badges.ts';
import { html, type Part } from '../../html/markup.ts';
import { absent, type Section } from '../../html/section.ts';
import { table } from '../../html/table.ts';
import type { RunResult, ThresholdResult } from '../../result/run_result.ts';

function state({ met, value }: ThresholdResult): Part {
  if (value === null) return badge('not measured', 'odd');
  return met ? badge('met', 'good') : badge('broken', 'bad');
}

function body({ thresholds: all, interrupted, parameters }: RunResult): Part {
  if (all.length > 0) {
    return table<ThresholdResult>({
      id: 'threshold-table',
      caption: 'Thresholds, as they were typed.',
      rows: all,
      columns: [
        {
          head: 'threshold',
          cell: ({ expression }) => html`<code>${expression}</code>`,
          align: 'left',
          heading: true,
        },
        { head: 'measured', cell: ({ value, text }) => (value === null ? '–' : text) },
        { head: 'state', cell: state, align: 'left' },
      ],
    });
  }
  return interrupted && parameters.thresholds.length > 0
    ? absent('The run was interrupted, so its thresholds were not judged.')
    : absent("No threshold was set; --threshold 'locks.completion_lock.wait.p99 < 50us' sets one.");
}

export const thresholds = (result: RunResult): Section => ({
  id: 'thresholds',
  title: 'Thresholds',
  body: body(result),
});
