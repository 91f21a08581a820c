// SPDX-License-Identifier: GPL-2.0-only
/** A chart, drawn by the page's program from the page's data, with the same in a sentence and in a table. */
import { html, type Markup, type Part } from './markup.ts';

export interface Figure {
  /** One of the kinds in commands/page/kinds.ts. */
  readonly kind: string;
  /** Which part of the data, if the kind can draw several. */
  readonly part?: string;
  readonly title: string;
  /** What else is to be known of it, in a few words. */
  readonly note: string;
  /** What the chart shows, for those who do not see it. */
  readonly alt: string;
  /** in CSS pixels */
  readonly height: number;
  /** The figures. */
  readonly data: Part;
  /** Whether they are shown at first. */
  readonly open?: boolean;
}

export const figure = ({ kind, part = '', title, note, alt, height, data, open = false }: Figure): Markup =>
  html`<figure>
<figcaption><b>${title}</b> <span class="faint">${note}</span></figcaption>
<div class="legend"></div>
<div class="chart" style="height:${height}px" data-chart="${kind}" data-part="${part}" role="img" aria-label="${alt}">
</div>
<p class="absent without">This chart needs JavaScript; the table below has its figures.</p>
<details class="data"${open ? html` open` : null}><summary>Figures of this chart</summary>${data}</details>
</figure>`;
