// SPDX-License-Identifier: GPL-2.0-only
/** A chart, drawn by the page's program from the page's data, with the same in a sentence and in a table. */
import { html, type Markup, type Part } from './markup.ts';

export interface Figure {
  /** A kind of client/charts.ts. */
  readonly kind: string;
  /** Which part of the data, if the kind can draw several. */
  readonly part?: string;
  readonly title: Part;
  /** What the chart shows, for those who do not see it. */
  readonly alt: string;
  /** in CSS pixels */
  readonly height: number;
  /** The figures. */
  readonly data: Part;
  /** Whether they are shown at first. */
  readonly open?: boolean;
}

export const figure = ({ kind, part = '', title, alt, height, data, open = false }: Figure): Markup =>
  html`<figure>
<figcaption>${title}</figcaption>
<div class="legend"></div>
<div class="chart" data-chart="${kind}" data-part="${part}" role="img" aria-label="${alt}" style="height:${height}px"></div>
<p class="absent without">This chart needs JavaScript; the table below has its figures.</p>
<details class="data"${open ? html` open` : null}><summary>Figures of this chart</summary>${data}</details>
</figure>`;
