// SPDX-License-Identifier: GPL-2.0-only
/** What is folded away: a link to it opens it, and paper shows all of it. */
import { drawForPaper, redraw } from './draw.ts';

function openTarget(): void {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const details = target?.closest('details');
  if (details === null || details === undefined) return;
  details.open = true;
  target?.scrollIntoView();
}

const unfolded = new Set<HTMLDetailsElement>();

function unfold(): void {
  for (const details of document.querySelectorAll<HTMLDetailsElement>('details:not([open])')) {
    details.open = true;
    unfolded.add(details);
  }
  drawForPaper();
}

function fold(): void {
  for (const details of unfolded) details.open = false;
  unfolded.clear();
  redraw();
}

export function enableFolding(): void {
  openTarget();
  addEventListener('hashchange', openTarget);
  for (const link of document.querySelectorAll('a[href^="#"]'))
    link.addEventListener('click', () => setTimeout(openTarget));
  const paper = matchMedia('print');
  paper.addEventListener('change', () => (paper.matches ? unfold() : fold()));
  addEventListener('beforeprint', unfold);
  addEventListener('afterprint', fold);
}
