// SPDX-License-Identifier: GPL-2.0-only
/** What ratios are to be, and what they are. */
import { badge } from '../../html/badges.ts';
import { figure } from '../../html/figure.ts';
import type { Part } from '../../html/markup.ts';
import { absent, type Section } from '../../html/section.ts';
import { table } from '../../html/table.ts';
import type { Bench, Status, TargetRow } from '../bench_result.ts';
import { ratioText, targetCells } from '../rows.ts';
import { statusText } from '../targets.ts';

const TONES: Readonly<Record<Status, 'good' | 'odd' | 'bad' | 'none'>> = {
  moonshot: 'good',
  met: 'good',
  missed: 'odd',
  'below the floor': 'bad',
  'not measured': 'none',
};

const targetTable = (rows: readonly TargetRow[]): Part =>
  table<TargetRow>({
    id: 'target-table',
    caption: 'How many times as fast as what it is compared with; a ! has noisy rounds in it.',
    rows,
    columns: [
      { head: 'target', cell: ({ what }) => what, align: 'left', heading: true },
      { head: 'floor', cell: ({ floor }) => ratioText(floor) },
      { head: 'target', cell: ({ target }) => ratioText(target) },
      { head: 'moonshot', cell: ({ moonshot }) => ratioText(moonshot) },
      { head: 'measured', cell: (row) => targetCells(row)[4] ?? '' },
      { head: 'state', cell: (row) => badge(statusText(row), TONES[row.status]), align: 'left' },
    ],
  });

export function benchTargetsSection({ targets }: Bench): Section {
  const measured = targets.filter(({ ratio }) => ratio !== null);
  const alt = `Ratios beside their targets: ${measured
    .map(({ what, ratio, target }) => `${what}, ${ratioText(ratio ?? 0)}, to be ${ratioText(target)}`)
    .join('; ')}.`;
  return {
    id: 'targets',
    title: 'Targets',
    lead: 'A missed target fails nothing. Ratios are those of windows of the same round.',
    body:
      measured.length === 0
        ? [absent('No target was measured.'), targetTable(targets)]
        : figure({
            kind: 'bench-targets',
            title: 'How many times as fast',
            note: 'with floor, target and moonshot; on a logarithmic axis',
            alt,
            height: 44 * measured.length + 40,
            data: targetTable(targets),
            open: true,
          }),
  };
}
