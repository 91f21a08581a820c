// SPDX-License-Identifier: GPL-2.0-only
/** The parts of a page: a heading that can be linked to, a sentence of what it shows, and that. */
import { html, type Markup, type Part } from './markup.ts';

export interface Section {
  readonly id: string;
  readonly title: string;
  /** What is shown, in a sentence or two. */
  readonly lead?: Part;
  readonly body: Part;
}

export const section = ({ id, title, lead = null, body }: Section): Markup =>
  html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${lead === null ? null : html`<p class="lead">${lead}</p>`}
${body}
</section>
`;

/** In place of what there is nothing of. */
export const absent = (text: Part): Markup => html`<p class="absent">${text}</p>`;

/** Pairs of a name and what it is. */
export const pairs = (list: readonly (readonly [string, Part])[], className = 'pairs'): Markup =>
  html`<dl class="${className}">
${list.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>\n`)}</dl>`;

/** A command to be copied; an option and its value stay on a line. */
export function commandBox(command: string): Markup {
  const words = command.split(/ (?=--[a-z])/).map((part, i) => html`${i === 0 ? '' : ' '}<span>${part}</span>`);
  return html`<div class="command"><pre tabindex="0" aria-label="Command"><code>${words}</code></pre>
<button type="button" class="copy">Copy</button></div>`;
}
