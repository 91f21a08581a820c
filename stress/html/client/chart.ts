// SPDX-License-Identifier: GPL-2.0-only
/** What a kind of chart is: from the page's data to options of ECharts. */
import type { EChartsCoreOption } from 'echarts/core';
import type { RunResult } from '../../result/run_result.ts';
import type { Look } from './look.ts';

/** An entry of the legend, which is a button beside the chart. */
export interface LegendEntry {
  readonly name: string;
  readonly color: string;
  readonly dash?: 'solid' | 'dashed' | 'dotted';
  /** What the series is drawn as; a line if nothing is said. */
  readonly mark?: 'bar' | 'diamond' | 'dot';
  /** Of a bar: its height, 0 to 1, where that says something. */
  readonly fill?: number;
}

export interface Chart {
  readonly option: EChartsCoreOption;
  readonly legend?: readonly LegendEntry[];
  /** Whether its x axis is the time of the run; such charts are zoomed together. */
  readonly overTime?: boolean;
}

/**
 * @param data - of the page
 * @param part - which part of it, as the page names it
 * @param alt - what the chart shows, in words
 */
export type ChartKind = (data: unknown, part: string, look: Look, alt: string) => Chart;

/** A kind of chart for pages of runs. */
export const ofRun =
  (draw: (result: RunResult, part: string, look: Look, alt: string) => Chart): ChartKind =>
  (data, ...rest) =>
    draw(data as RunResult, ...rest);
