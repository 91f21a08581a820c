// SPDX-License-Identifier: GPL-2.0-only
/**
 * The CPUs' last steps side by side, as commit messages of the kernel draw a race: a column for each CPU, time goes
 * down, and what belongs to the finding's objects is marked.
 */
import type { CpuSnapshot } from '../../../src/kernel/oops.ts';
import { html, type Markup } from '../../html/markup.ts';
import { table } from '../../html/table.ts';
import type { Finding } from '../../result/run_result.ts';
import { count } from '../../text/layout.ts';
import { concernedCpus } from '../parts/interleaving.ts';

const ADDRESS = /(0x[0-9a-f]+)/i;
/** Numbers below are offsets. */
const PAGE_BYTES = 4096;

/** A text in which the addresses of the finding's objects are marked. */
export function marked(text: string, { objects }: Finding): Markup {
  const wanted = new Set(objects.map(({ addr }) => addr));
  const parts = text.split(ADDRESS);
  return html`${parts.map((part, i) =>
    i % 2 === 1 && Number(part) >= PAGE_BYTES && wanted.has(Number(part)) ? html`<mark>${part}</mark>` : part,
  )}`;
}

const headOf = ({ cpu, role, held, waiting }: CpuSnapshot): Markup => html`<span class="role">${role}</span>
<span class="cpu">cpu ${cpu}</span>
${held.length === 0 ? null : html`<span class="lock">holds ${held.join(', ')}</span>`}
${waiting === null ? null : html`<span class="lock waits">waits for ${waiting}</span>`}`;

interface Row {
  readonly us: number;
  readonly at: number;
  readonly text: string;
}

/** @returns null if no CPU is known */
export function steps(finding: Finding, id: string): Markup | null {
  const cpus = concernedCpus(finding);
  if (cpus.length === 0) return null;
  const rows: Row[] = cpus
    .flatMap((cpu, at) => cpu.steps.map(({ us, text }) => ({ us, text, at })))
    .sort((a, b) => a.us - b.us);
  const last = rows.at(-1)?.us ?? 0;
  return table<Row>({
    id,
    className: 'steps',
    caption: 'Last steps of the CPUs concerned. Time goes down, in µs before the last step.',
    rows,
    columns: [
      { head: 'µs', cell: ({ us }) => (us === last ? '0' : `−${count(last - us)}`) },
      ...cpus.map((cpu, i) => ({
        head: headOf(cpu),
        cell: ({ at, text }: Row) => (at === i ? marked(text, finding) : ''),
      })),
    ],
  });
}
