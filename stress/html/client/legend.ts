// SPDX-License-Identifier: GPL-2.0-only
/** A chart's legend: buttons that hide and show a series, reachable by keyboard. */
import type { ECharts } from 'echarts/core';
import type { LegendEntry } from './chart.ts';

const SVG = 'http://www.w3.org/2000/svg';
const DASHES = { solid: '', dashed: '5 3', dotted: '1.5 2.5' } as const;
const SIZE = 14;

/** The shape of a series, as SVG has it. */
function shapeOf({ color, dash = 'solid', mark, fill = 1 }: LegendEntry): [name: string, attributes: object] {
  const middle = SIZE / 2;
  switch (mark) {
    case 'bar':
      return ['rect', { y: SIZE * (1 - fill), width: SIZE, height: SIZE * fill, fill: color }];
    case 'dot':
      return ['circle', { cx: middle, cy: middle, r: SIZE / 5, fill: color }];
    case 'diamond':
      return ['path', { d: `M${middle} 1L${SIZE - 1} ${middle}L${middle} ${SIZE - 1}L1 ${middle}z`, fill: color }];
    default: {
      const stroke = { stroke: color, 'stroke-width': 2.5, 'stroke-dasharray': DASHES[dash] };
      return ['line', { x2: 2 * SIZE, y1: middle, y2: middle, ...stroke }];
    }
  }
}

function swatch(entry: LegendEntry): SVGElement {
  const [name, attributes] = shapeOf(entry);
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('width', String(entry.mark === undefined ? 2 * SIZE : SIZE));
  svg.setAttribute('height', String(SIZE));
  svg.setAttribute('aria-hidden', 'true');
  const shape = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) shape.setAttribute(key, String(value));
  svg.append(shape);
  return svg;
}

interface Series {
  readonly name?: string;
  readonly data?: readonly unknown[];
}

export function renderLegend(place: HTMLElement, chart: ECharts, entries: readonly LegendEntry[]): void {
  const box = place.parentElement?.querySelector('.legend');
  if (box === null || box === undefined) return;
  const hidden = new Set([...box.querySelectorAll('[aria-pressed=false]')].map((button) => button.textContent));
  const series = (chart.getOption()['series'] ?? []) as readonly Series[];
  /** Series stay where they are, so that their colours do; a hidden one has no data. */
  const show = (): void =>
    chart.setOption({ series: series.map(({ name, data }) => ({ data: hidden.has(name ?? '') ? [] : (data ?? []) })) });
  box.replaceChildren(
    ...entries.map((entry) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.setAttribute('aria-pressed', String(!hidden.has(entry.name)));
      button.append(swatch(entry), entry.name);
      button.addEventListener('click', () => {
        if (!hidden.delete(entry.name)) hidden.add(entry.name);
        button.setAttribute('aria-pressed', String(!hidden.has(entry.name)));
        show();
      });
      return button;
    }),
  );
  if (hidden.size > 0) show();
}
