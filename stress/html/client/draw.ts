// SPDX-License-Identifier: GPL-2.0-only
/**
 * Draws the page's charts: each as soon as it has room, so that what is folded away costs nothing, and anew when the
 * room or the theme changes.
 */
import { BarChart, CustomChart, LineChart, ScatterChart } from 'echarts/charts';
import {
  AriaComponent,
  DataZoomComponent,
  GridComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TitleComponent,
  TooltipComponent,
} from 'echarts/components';
import { type ECharts, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { ChartKind } from './chart.ts';
import { renderLegend } from './legend.ts';
import { lookOf } from './look.ts';
import { rangeOf, zoomTogether } from './zoom.ts';

use([
  BarChart,
  CustomChart,
  LineChart,
  ScatterChart,
  AriaComponent,
  DataZoomComponent,
  GridComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TitleComponent,
  TooltipComponent,
  SVGRenderer,
]);

/** Width of a chart on paper, CSS pixels: A4 less its margins. */
const PAPER_WIDTH = 680;

const data: unknown = JSON.parse(document.getElementById('result')?.textContent ?? 'null');
const places = [...document.querySelectorAll<HTMLElement>('[data-chart]')];
let known: Readonly<Record<string, ChartKind>> = {};
const drawn = new Map<HTMLElement, ECharts>();

/** One chart that cannot be drawn says so, and keeps nobody from drawing the others. */
function draw(place: HTMLElement, width: number): void {
  try {
    drawChart(place, width);
  } catch (error) {
    place.textContent = 'This chart cannot be drawn; its figures are below.';
    reportError(error);
  }
}

function drawChart(place: HTMLElement, width: number): void {
  const { chart: name = '', part = '' } = place.dataset;
  const kind = known[name];
  if (kind === undefined) throw new Error(`no kind of chart is called ${name}`);
  const look = lookOf(width, place.clientHeight);
  const { option, legend = [], overTime = false } = kind(data, part, look, place.getAttribute('aria-label') ?? '');
  const before = drawn.get(place);
  const chart = before ?? init(place, null, { renderer: 'svg', width, height: look.height });
  chart.resize({ width, height: look.height });
  const range = before !== undefined && overTime ? rangeOf(before) : null;
  chart.setOption(option, { notMerge: true });
  if (range !== null) chart.dispatchAction({ type: 'dataZoom', start: range.start, end: range.end });
  renderLegend(place, chart, legend);
  if (before !== undefined) return;
  drawn.set(place, chart);
  if (overTime) zoomTogether(chart);
}

const widthOf = (place: HTMLElement): number => Math.floor(place.getBoundingClientRect().width);

function drawAll(width: (place: HTMLElement) => number): void {
  for (const place of places) if (width(place) > 0) draw(place, width(place));
}

/** Again, for another theme. */
export const redraw = (): void => drawAll(widthOf);

/** All of them as wide as paper; what is on paper must have room already. */
export function drawForPaper(): void {
  const half = PAPER_WIDTH / 2 - 12;
  drawAll((place) => (place.closest('.pair') === null ? PAPER_WIDTH : half));
}

/** Draws the charts from now on. @param kinds - by the name in `data-chart` */
export function watch(kinds: Readonly<Record<string, ChartKind>>): void {
  known = kinds;
  const observer = new ResizeObserver((entries) => {
    if (matchMedia('print').matches) return;
    for (const { target } of entries) {
      const place = target as HTMLElement;
      const width = widthOf(place);
      if (width > 0 && drawn.get(place)?.getWidth() !== width) draw(place, width);
    }
  });
  for (const place of places) observer.observe(place);
}
