// SPDX-License-Identifier: GPL-2.0-only
/** Pages of sweeps: throughput over threads, with what a law of scaling makes of it; contention over threads. */
import { axis, base, tip } from '../../../html/client/axes.ts';
import type { ChartKind } from '../../../html/client/chart.ts';
import type { Look } from '../../../html/client/look.ts';
import { compact, percent, shortPercent } from '../../../text/units.ts';
import { throughputOf } from '../../law.ts';
import type { Sweep, UslFit } from '../../sweep_result.ts';

const STEPS = 80;

/** An axis of threads with a label at each width that was run. */
const threadsAxis = (look: Look, widths: readonly number[]): Record<string, unknown> =>
  axis(look, {
    type: 'value',
    name: 'threads',
    nameLocation: 'end',
    nameGap: 8,
    min: 0,
    max: Math.max(...widths) * 1.04,
    splitLine: { show: false },
    axisTick: { show: true, customValues: widths, lineStyle: { color: look.line } },
    axisLabel: { customValues: widths, formatter: (n: number) => String(n) },
  });

const GRID = { left: 8, right: 64, top: 16, bottom: 8, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' };

const curve = (fit: UslFit, to: number): [number, number][] =>
  Array.from({ length: STEPS + 1 }, (_, i) => {
    const n = 1 + ((to - 1) * i) / STEPS;
    return [n, throughputOf(fit, n)];
  });

export const sweepThroughput: ChartKind = (data, _part, look, alt) => {
  const { points, fit } = data as Sweep;
  const widths = points.map(({ threads }) => threads);
  const to = Math.max(...widths);
  const one = fit?.lambda ?? (points[0] === undefined ? 0 : points[0].eventsPerSecond / points[0].threads);
  const most = Math.max(...points.flatMap(({ samples, eventsPerSecond }) => [...samples, eventsPerSecond]));
  // where it leaves the picture says nothing
  const linearTo = Math.min(to, (1.15 * most) / Math.max(one, 1e-9));
  const [sample, median, law, linear] = [look.inkOf(5), look.inkOf(0), look.inkOf(1), look.inkOf(2)];
  return {
    legend: [
      { name: 'median', color: median.color, mark: 'diamond' },
      { name: 'samples', color: sample.color, mark: 'dot' },
      ...(fit === null ? [] : [{ name: 'fit', color: law.color }]),
      { name: 'linear', color: linear.color, dash: 'dashed' as const },
    ],
    option: {
      ...base(look, alt),
      grid: GRID,
      xAxis: threadsAxis(look, widths),
      yAxis: axis(look, { type: 'value', min: 0, axisLine: { show: false }, axisLabel: { formatter: compact } }),
      tooltip: {
        ...(base(look, alt)['tooltip'] as object),
        trigger: 'item',
        formatter: ({ value, seriesName }: { value: [number, number]; seriesName: string }) =>
          tip(`${Number(value[0].toFixed(1))} threads`, [[seriesName, `${compact(value[1])} events/s`]]),
      },
      series: [
        {
          type: 'line',
          name: 'linear',
          data: [
            [1, one],
            [linearTo, one * linearTo],
          ],
          showSymbol: false,
          lineStyle: { color: linear.color, type: 'dashed', width: 1.5 },
          itemStyle: { color: linear.color },
        },
        ...(fit === null
          ? []
          : [
              {
                type: 'line',
                name: 'fit',
                data: curve(fit, to),
                showSymbol: false,
                lineStyle: { color: law.color, width: 2 },
                itemStyle: { color: law.color },
              },
            ]),
        {
          type: 'scatter',
          name: 'samples',
          symbolSize: 5,
          itemStyle: { color: sample.color, opacity: 0.6 },
          data: points.flatMap(({ threads, samples }) => samples.map((rate) => [threads, rate])),
        },
        {
          type: 'scatter',
          name: 'median',
          symbol: 'diamond',
          symbolSize: 12,
          itemStyle: { color: median.color },
          data: points.map(({ threads, eventsPerSecond }) => [threads, eventsPerSecond]),
        },
      ],
    },
  };
};

export const sweepContention: ChartKind = (data, _part, look, alt) => {
  const { points } = data as Sweep;
  const widths = points.map(({ threads }) => threads);
  const classes = [
    ...new Set(points.flatMap(({ locks }) => locks.filter((lock) => lock.contentions > 0).map((lock) => lock.class))),
  ];
  const share = (cls: string, at: number): number | null => {
    const lock = points[at]?.locks.find((one) => one.class === cls);
    return lock === undefined || lock.acquisitions === 0 ? null : lock.contentions / lock.acquisitions;
  };
  return {
    legend: classes.map((name, i) => ({ name, color: look.inkOf(i).color, dash: look.inkOf(i).dash })),
    option: {
      ...base(look, alt),
      grid: GRID,
      xAxis: threadsAxis(look, widths),
      yAxis: axis(look, { type: 'value', min: 0, axisLine: { show: false }, axisLabel: { formatter: shortPercent } }),
      tooltip: {
        ...(base(look, alt)['tooltip'] as object),
        trigger: 'axis',
        formatter: (hits: readonly { axisValue: number }[]) => {
          const at = widths.indexOf(Number(hits[0]?.axisValue));
          return tip(
            `${widths[at]} threads`,
            classes.flatMap((cls) => {
              const value = share(cls, at);
              return value === null ? [] : [[cls, percent(value)] as const];
            }),
          );
        },
      },
      series: classes.map((name, i) => ({
        type: 'line',
        name,
        symbol: look.inkOf(i).symbol,
        symbolSize: 8,
        lineStyle: { color: look.inkOf(i).color, type: look.inkOf(i).dash, width: 2 },
        itemStyle: { color: look.inkOf(i).color },
        data: widths.map((threads, at) => [threads, share(name, at)]),
      })),
    },
  };
};
