// SPDX-License-Identifier: GPL-2.0-only
/** Tables: heads that sort, rows that open, and wide ones that a keyboard can scroll. */

const keyOf = (cell: Element | undefined): string | number => {
  const text = (cell as HTMLElement | undefined)?.dataset['value'] ?? cell?.textContent ?? '';
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
};

function compare(a: string | number, b: string | number): number {
  return typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b), 'en');
}

/** What moves as one: a row, or a row and what it opens to. */
const unitsOf = (table: HTMLTableElement): HTMLElement[] =>
  table.querySelector('tr.more') === null ? [...(table.tBodies[0]?.rows ?? [])] : [...table.tBodies];

/** Sorts by a column: figures from the greatest, words from the first; again the other way. */
function sortBy(table: HTMLTableElement, head: HTMLTableCellElement): void {
  const units = unitsOf(table);
  const keyed = units.map((unit) => {
    const row = unit instanceof HTMLTableRowElement ? unit : unit.querySelector('tr');
    return { unit, key: keyOf(row?.cells[head.cellIndex]) };
  });
  const first = keyed.some(({ key }) => typeof key === 'string') ? 'ascending' : 'descending';
  const before = head.getAttribute('aria-sort');
  const order = before === null ? first : before === 'ascending' ? 'descending' : 'ascending';
  const sign = order === 'ascending' ? 1 : -1;
  keyed.sort((a, b) => sign * compare(a.key, b.key));
  const parent = units[0]?.parentElement;
  parent?.append(...keyed.map(({ unit }) => unit));
  for (const other of table.querySelectorAll('th[aria-sort]')) other.removeAttribute('aria-sort');
  head.setAttribute('aria-sort', order);
  const status = document.getElementById('status');
  if (status !== null) status.textContent = `Sorted by ${head.textContent}, ${order}.`;
}

function open(button: HTMLElement): void {
  const expanded = button.getAttribute('aria-expanded') !== 'true';
  button.setAttribute('aria-expanded', String(expanded));
  document.getElementById(button.getAttribute('aria-controls') ?? '')?.classList.toggle('shown', expanded);
}

/** What is larger than its place is scrolled there: by arrow keys as well, and named after its caption. */
function makeReachable(box: HTMLElement): void {
  const large = box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight;
  const caption = box.querySelector('caption');
  if (caption !== null && caption.id === '') caption.id = `${box.querySelector('table')?.id}-caption`;
  const attributes = { tabindex: '0', role: 'region', 'aria-labelledby': caption?.id ?? '' };
  for (const [name, value] of Object.entries(attributes)) {
    if (large) box.setAttribute(name, value);
    else box.removeAttribute(name);
  }
}

export function enableTables(): void {
  for (const button of document.querySelectorAll<HTMLElement>('button.sort')) {
    const head = button.closest('th');
    const table = button.closest('table');
    if (head !== null && table !== null) button.addEventListener('click', () => sortBy(table, head));
  }
  for (const button of document.querySelectorAll<HTMLElement>('button.open')) {
    button.addEventListener('click', () => open(button));
  }
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) makeReachable(target as HTMLElement);
  });
  for (const box of document.querySelectorAll('.scroll')) observer.observe(box);
}
