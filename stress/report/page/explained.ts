// SPDX-License-Identifier: GPL-2.0-only
/** How a finding comes about: the interleaving, with the functions of C beside, and the schedule that replays it. */
import { html, type Markup } from '../../html/markup.ts';
import { commandBox } from '../../html/section.ts';
import { table } from '../../html/table.ts';
import type { Diagram, DiagramRow } from '../../result/explanation.ts';
import type { Finding } from '../../result/run_result.ts';
import { plural } from '../../text/layout.ts';

/** The line of ours; its function stands beside, as Linux names it. */
function siteOf(site: string): Markup | null {
  const place = /\(([^)]*)\)$/.exec(site)?.[1] ?? site;
  return place === '' ? null : html`<span class="site">${place}</span>`;
}
const stepOf = ({ text, site, truth }: DiagramRow): Markup =>
  html`${truth ? html`<mark>${text}</mark> <b>here</b>` : text}${siteOf(site)}`;

/** A line of the table: a step, or why the CPU of the step before does not go on. */
interface Line {
  readonly cpu: number;
  readonly cell: Markup;
  readonly linux: string;
}

const linesOf = ({ rows }: Diagram): Line[] =>
  rows.flatMap((row, i) => {
    const before = rows[i - 1];
    const turn =
      before === undefined || row.switched === ''
        ? []
        : [{ cpu: before.cpu, cell: html`<span class="switched">${row.switched}</span>`, linux: '' }];
    return [...turn, { cpu: row.cpu, cell: stepOf(row), linux: row.linux }];
  });

/** @returns null where the deterministic engine was not asked */
export function explained({ explained: what }: Finding, id: string): Markup | null {
  if (what === null) return null;
  const { outcome, explanation } = what;
  if (explanation === null) return html`<p class="meta">As a schedule: ${outcome}.</p>`;
  const { diagram, schedule, preemptions, memory } = explanation;
  const { columns, leftOut } = diagram;
  const caption =
    `How it comes about: ${outcome}. Time goes down, one CPU at a time; ${plural(preemptions, 'preemption')}, ` +
    `memory model ${memory}.${leftOut > 0 ? ` ${plural(leftOut, 'step')} left out.` : ''}`;
  return html`${table<Line>({
    id,
    className: 'steps diagram',
    caption,
    rows: linesOf(diagram),
    columns: [
      ...columns.map(({ cpu, role }) => ({
        head: html`<span class="role">${role}</span> <span class="cpu">cpu ${cpu}</span>`,
        cell: (line: Line) => (line.cpu === cpu ? line.cell : ''),
      })),
      { head: 'in Linux', cell: ({ linux }: Line) => linux },
    ],
  })}
<p class="meta">The same steps again, every time:</p>
${commandBox(`npm run stress -- --replay ${schedule}`)}`;
}
