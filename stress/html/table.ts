// SPDX-License-Identifier: GPL-2.0-only
/**
 * Tables: a caption, heads with a scope, figures in columns that a program can read, heads that sort where it helps.
 *
 * A row may have more to say; that stands in a row of its own below it, which a button opens (client/tables.ts).
 */
import { html, type Markup, type Part } from './markup.ts';

export interface Column<T> {
  readonly head: Part;
  readonly cell: (row: T, index: number) => Part;
  /** What it is sorted by, where the cell's text is not that. */
  readonly value?: (row: T) => number | string;
  /** Figures stand to the right; default. */
  readonly align?: 'left' | 'right';
  /** The head of its row. */
  readonly heading?: boolean;
  /** What the column says, for those who ask. */
  readonly title?: string;
}

export interface TableSpec<T> {
  readonly id: string;
  readonly caption: Part;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  /** Heads above the heads. */
  readonly groups?: readonly { readonly head: string; readonly span: number }[];
  /** The column by which the rows are sorted already, from high to low; none if the table is not to be sorted. */
  readonly sorted?: number;
  /** What more there is to say of a row. */
  readonly more?: (row: T, index: number) => Markup | null;
  readonly className?: string;
}

const sideOf = <T>({ align }: Column<T>): Markup | null => (align === 'left' ? html` class="l"` : null);

function heads<T>({ columns, groups, sorted }: TableSpec<T>): Markup {
  const top =
    groups === undefined
      ? null
      : html`<tr class="groups">${groups.map(({ head, span }) =>
          head === '' ? html`<td colspan="${span}"></td>` : html`<th scope="colgroup" colspan="${span}">${head}</th>`,
        )}</tr>`;
  const cells = columns.map((column, i) => {
    const order = i === sorted ? html` aria-sort="descending"` : null;
    const title = column.title === undefined ? null : html` title="${column.title}"`;
    const head = sorted === undefined ? column.head : html`<button type="button" class="sort">${column.head}</button>`;
    return html`<th scope="col"${sideOf(column)}${order}${title}>${head}</th>`;
  });
  return html`<thead>${top}<tr>${cells}</tr></thead>`;
}

function row<T>(spec: TableSpec<T>, item: T, index: number): Markup {
  const detail = spec.more?.(item, index) ?? null;
  const id = `${spec.id}-more-${index}`;
  const opener = (content: Part): Markup =>
    html`<button type="button" class="open" aria-expanded="false" aria-controls="${id}">${content}</button>`;
  const cells = spec.columns.map((column, i) => {
    const value = column.value === undefined ? null : html` data-value="${column.value(item)}"`;
    const content = i === 0 && detail !== null ? opener(column.cell(item, index)) : column.cell(item, index);
    return column.heading === true
      ? html`<th scope="row"${sideOf(column)}${value}>${content}</th>`
      : html`<td${sideOf(column)}${value}>${content}</td>`;
  });
  const more =
    detail === null
      ? null
      : html`<tr class="more" id="${id}"><td colspan="${spec.columns.length}">
<div class="detail">${detail}</div></td></tr>`;
  return html`<tr>${cells}</tr>${more}`;
}

export function table<T>(spec: TableSpec<T>): Markup {
  const { id, caption, rows, more, className = '' } = spec;
  const all = rows.map((item, i) => row(spec, item, i));
  // what belongs together stays together when it is sorted
  const body = more === undefined ? html`<tbody>${all}</tbody>` : all.map((one) => html`<tbody>${one}</tbody>`);
  return html`<div class="scroll"><table id="${id}" class="${className}">
<caption>${caption}</caption>
${heads(spec)}
${body}
</table></div>`;
}
