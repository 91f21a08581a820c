// SPDX-License-Identifier: GPL-2.0-only
/**
 * Percentiles of each system call, as plots of HdrHistogram have them: to the right by log 1/(1 - p), so that each
 * further nine takes the same room; upwards by the logarithm of time.
 *
 * A curve ends where its last sample is: n samples say nothing beyond 1 - 1/n.
 */
import { percentilesOf } from '../../../html/buckets.ts';
import { axis, base, tip } from '../../../html/client/axes.ts';
import { ofRun } from '../../../html/client/chart.ts';
import { duration, percentileName, shortDuration } from '../../../text/units.ts';

const NINES_MAX = 9;

/** Where a share of the times stands on the axis. */
const nines = (share: number): number => -Math.log10(1 - share);
/** The share that stands at a place of the axis. */
const shareAt = (place: number): number => 1 - 10 ** -place;

type Point = [place: number, ns: number];

function curve(bins: readonly number[], samples: number, max: number): Point[] {
  const points = percentilesOf(bins, max).map(
    ({ share, ns }): Point => [share >= 1 ? nines(1 - 1 / (samples + 1)) : nines(share), ns],
  );
  const first = points[0];
  return first === undefined ? [] : [[0, first[1]], ...points];
}

/** The time at a place of a curve. */
const timeAt = (points: readonly Point[], place: number): number | null =>
  points.find(([at]) => at >= place - 1e-9)?.[1] ?? null;

export const percentiles = ofRun((result, _part, look, alt) => {
  const calls = Object.entries(result.latency)
    .filter(([, d]) => d.samples > 0)
    .sort(([, a], [, b]) => b.samples - a.samples)
    .map(([name, d], i) => ({ name, points: curve(d.histogram, d.samples, d.max), ink: look.inkOf(i) }));
  const last = Math.max(1, ...calls.flatMap(({ points }) => points.map(([place]) => place)));
  const ticks = [0, nines(0.5), ...Array.from({ length: NINES_MAX }, (_, i) => i + 1)].filter((at) => at <= last + 0.1);
  return {
    legend: calls.map(({ name, ink }) => ({ name, color: ink.color, dash: ink.dash })),
    option: {
      ...base(look, alt),
      grid: {
        left: 8,
        right: 20,
        top: 16,
        bottom: 8,
        outerBoundsMode: 'same',
        outerBoundsContain: 'axisLabel',
      },
      tooltip: {
        ...(base(look, alt)['tooltip'] as object),
        trigger: 'axis',
        formatter: (hits: readonly { axisValue: number }[]) => {
          const place = Number(hits[0]?.axisValue ?? 0);
          return tip(
            percentileName(Number(shareAt(place).toPrecision(place < 1 ? 3 : Math.ceil(place) + 2))),
            calls.flatMap(({ name, points }) => {
              const ns = timeAt(points, place);
              return ns === null ? [] : [[name, duration(ns)] as const];
            }),
          );
        },
      },
      xAxis: axis(look, {
        type: 'value',
        min: 0,
        max: Math.ceil(last * 2) / 2,
        interval: 1,
        axisTick: { show: true, customValues: ticks, lineStyle: { color: look.line } },
        axisLabel: { customValues: ticks, formatter: (place: number) => percentileName(shareAt(place)) },
        axisPointer: { snap: false },
      }),
      yAxis: axis(look, {
        type: 'log',
        axisLine: { show: false },
        axisLabel: { formatter: shortDuration },
      }),
      series: calls.map(({ name, points, ink }) => ({
        type: 'line',
        name,
        data: points,
        showSymbol: false,
        symbol: ink.symbol,
        lineStyle: { color: ink.color, width: 2, type: ink.dash },
        itemStyle: { color: ink.color },
        emphasis: { disabled: true },
      })),
    },
  };
});
