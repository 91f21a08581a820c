// SPDX-License-Identifier: GPL-2.0-only
/** What was found, worst first, each as a kernel says it, with what the CPUs did just before. */
import { objectText } from '../../../src/kernel/object_ref.ts';
import { badge } from '../../html/badges.ts';
import { breakable, html, type Markup } from '../../html/markup.ts';
import { absent, type Section } from '../../html/section.ts';
import { buildText, hints } from '../../result/labels.ts';
import type { Finding, RunResult } from '../../result/run_result.ts';
import { plural } from '../../text/layout.ts';
import { findingCounts, findingTitle, splatTitle } from '../parts/splat.ts';
import { explained } from './explained.ts';
import { CLASSES, classOf, type Found, foundWorstFirst, HEADS } from './finding_classes.ts';
import { marked, steps } from './steps.ts';

/** Findings that are shown in full; more would make the page too large to be sent around. */
export const SHOWN = 16;
/** Findings that are unfolded at first: the worst, and some that nobody expected. */
const OPEN = 3;
const isOpen = (finding: Finding, index: number): boolean =>
  index === 0 || (index < OPEN && classOf(finding) === 'unexplained');

const where = ({ cpu, role }: Finding): string => (cpu < 0 ? `found by the ${role}` : `${role} on cpu ${cpu}`);

function splat({ scenario, finding }: Found): Markup {
  const lines = [
    html`<b>${splatTitle(finding)}</b>`,
    html`${finding.kind}: ${where(finding)}`,
    ...finding.text.map((line) => html`  ${marked(line, finding)}`),
    ...(finding.objects.length === 0
      ? []
      : [html`objects: ${marked(finding.objects.map(objectText).join(', '), finding)}`]),
    ...(finding.known === null ? [] : [html`known in v3.17: ${finding.known}`]),
    ...hints(scenario, finding).map((hint) => html`<b class="hint">${hint}</b>`),
    ...(finding.stack.length === 0 ? [] : [html`stack:`, ...finding.stack.map((frame) => html`  ${frame}`)]),
  ];
  const text = lines.map((line) => html`${line}\n`);
  return html`<pre class="splat" tabindex="0" aria-label="What was found">${text}</pre>`;
}

function details(found: Found, index: number): Markup {
  const table = steps(found.finding, `steps-${index}`);
  return html`<details${isOpen(found.finding, index) ? html` open` : null}><summary>What the kernel says${
    table === null ? '' : ', and the last steps of each CPU'
  }</summary>
${splat(found)}
${table}
${explained(found.finding, `explained-${index}`)}
</details>`;
}

function article(found: Found, index: number): Markup {
  const { scenario, finding } = found;
  const { word, tone } = HEADS[classOf(finding)];
  return html`<article class="finding" id="finding-${index}" aria-labelledby="finding-${index}-title">
<h4 id="finding-${index}-title">${badge(word, tone)} ${findingTitle(finding)}</h4>
<p class="meta"><code>${finding.kind}</code> in <b>${breakable(scenario.name)}</b>, ${buildText(scenario)};
${findingCounts(finding)}</p>
${index < SHOWN ? details(found, index) : null}
</article>
`;
}

export function findings({ scenarios }: RunResult): Section {
  const all = foundWorstFirst(scenarios);
  const groups = CLASSES.map((name) => {
    const some = all.map((found, i) => ({ found, i })).filter(({ found: { finding } }) => classOf(finding) === name);
    if (some.length === 0) return null;
    return html`<h3>${HEADS[name].head} <span class="faint">${some.length}</span></h3>
${some.map(({ found, i }) => article(found, i))}`;
  });
  const left = all.length - SHOWN;
  return {
    id: 'findings',
    title: 'Findings',
    lead: all.length === 0 ? null : 'Occurrences with the same signature are one finding; the first is shown.',
    body:
      all.length === 0
        ? absent('Nothing was found.')
        : html`${groups}${
            left > 0
              ? absent(`Of the last ${plural(left, 'finding')} only the title is here; report.json has the rest.`)
              : null
          }`,
  };
}
