// SPDX-License-Identifier: GPL-2.0-only
/** What all charts have in common: quiet axes, a tooltip made of text, no animation. */
import type { EChartsCoreOption } from 'echarts/core';
import type { Look } from './look.ts';

const SIZE = 12;

/** Options of an axis; those of a chart come on top. */
export const axis = (look: Look, more: Readonly<Record<string, unknown>>): Record<string, unknown> => ({
  nameTextStyle: { color: look.faint, fontSize: SIZE },
  axisLine: { show: true, lineStyle: { color: look.line } },
  axisTick: { show: false },
  splitLine: { show: true, lineStyle: { color: look.line, width: 1 } },
  ...more,
  axisLabel: { color: look.faint, fontSize: SIZE, hideOverlap: true, ...(more['axisLabel'] as object | undefined) },
});

/** @param alt - what the chart shows, as the page says it */
export const base = (look: Look, alt: string): EChartsCoreOption => ({
  animation: false,
  aria: { enabled: true, label: { description: alt } },
  textStyle: { fontFamily: look.fontFamily, color: look.text },
  tooltip: tooltip(look),
});

const tooltip = (look: Look): Record<string, unknown> => ({
  confine: true,
  transitionDuration: 0,
  backgroundColor: look.background,
  borderColor: look.line,
  textStyle: { color: look.text, fontSize: 13 },
  extraCssText: 'box-shadow:0 2px 8px rgb(0 0 0/.18);border-radius:6px',
  axisPointer: { lineStyle: { color: look.faint, type: 'solid' } },
});

/** Zooms a chart over time; the axis of which it is, is the chart's to say. */
export const slider = (look: Look): Record<string, unknown> => ({
  type: 'slider',
  height: 14,
  bottom: 4,
  brushSelect: false,
  showDetail: false,
  showDataShadow: false,
  borderColor: look.line,
  backgroundColor: look.background,
  fillerColor: look.shade,
  moveHandleSize: 0,
  handleSize: '130%',
  handleStyle: { color: look.background, borderColor: look.faint },
  emphasis: { handleStyle: { color: look.background, borderColor: look.accent } },
});

/** The wheel scrolls the page; with Ctrl it zooms. */
export const wheel = { type: 'inside', zoomOnMouseWheel: 'ctrl', moveOnMouseMove: false, moveOnMouseWheel: false };

/** What a tooltip says. The data's words become text, never markup. */
export function tip(head: string, rows: readonly (readonly [name: string, value: string])[]): HTMLElement {
  const box = document.createElement('div');
  box.className = 'tip';
  const title = document.createElement('b');
  title.textContent = head;
  box.append(title);
  for (const [name, value] of rows) {
    const line = document.createElement('div');
    const left = document.createElement('span');
    const right = document.createElement('span');
    left.textContent = name;
    right.textContent = value;
    line.append(left, right);
    box.append(line);
  }
  return box;
}
