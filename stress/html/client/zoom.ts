// SPDX-License-Identifier: GPL-2.0-only
/** The part of a run that the charts over time show: all of them the same, by mouse or by the buttons above them. */
import type { ECharts } from 'echarts/core';

interface Range {
  /** percent of the run */
  readonly start: number;
  readonly end: number;
}

const NARROWEST = 1;
const SAME = 1e-6;
const WHOLE: Range = { start: 0, end: 100 };

/** The range as wide as `width`, around a middle, within the run. */
function around(middle: number, width: number): Range {
  const wide = Math.min(100, Math.max(NARROWEST, width));
  const start = Math.min(100 - wide, Math.max(0, middle - wide / 2));
  return { start, end: start + wide };
}

/** What each button does to a range. */
const MOVES: Readonly<Record<string, (range: Range) => Range>> = {
  in: ({ start, end }) => around((start + end) / 2, (end - start) / 2),
  out: ({ start, end }) => around((start + end) / 2, (end - start) * 2),
  earlier: ({ start, end }) => around((start + end) / 2 - (end - start) / 2, end - start),
  later: ({ start, end }) => around((start + end) / 2 + (end - start) / 2, end - start),
  all: () => WHOLE,
};

const charts: ECharts[] = [];

export const rangeOf = (chart: ECharts): Range =>
  ((chart.getOption()['dataZoom'] ?? []) as readonly Range[])[0] ?? WHOLE;

function say({ start, end }: Range): void {
  const place = document.querySelector('.zoom output');
  const whole = end - start > 99.9;
  if (place !== null) place.textContent = whole ? '' : `${Math.round(start)} % to ${Math.round(end)} % of the run`;
}

/** Shows this part in all charts but those that show it already. */
function show(range: Range): void {
  for (const chart of charts) {
    const { start, end } = rangeOf(chart);
    const same = Math.abs(start - range.start) + Math.abs(end - range.end) < SAME;
    if (!same) chart.dispatchAction({ type: 'dataZoom', ...range });
  }
  say(range);
}

/**
 * Not by connect() of ECharts: that would share tooltips as well, by the number of a point, which is another time in
 * another chart.
 */
export function zoomTogether(chart: ECharts): void {
  charts.push(chart);
  chart.on('datazoom', () => show(rangeOf(chart)));
}

export function enableZoom(): void {
  for (const button of document.querySelectorAll<HTMLElement>('[data-zoom]')) {
    button.addEventListener('click', () => {
      const chart = charts[0];
      const move = MOVES[button.dataset['zoom'] ?? ''];
      if (chart === undefined || move === undefined) return;
      show(move(rangeOf(chart)));
    });
  }
}
