// SPDX-License-Identifier: GPL-2.0-only
/**
 * Pages of benchmarks: ratios beside what they are to be, throughput over threads, shares, and figures over a width.
 */
import type { EChartsCoreOption } from 'echarts/core';
import { axis, base, tip } from '../../../html/client/axes.ts';
import type { Chart, ChartKind, LegendEntry } from '../../../html/client/chart.ts';
import type { Look } from '../../../html/client/look.ts';
import { compact, duration, shortDuration } from '../../../text/units.ts';
import { type Bench, type Contestant, contestantOf, type Group } from '../../bench_result.ts';

const GRID = { left: 8, right: 24, top: 12, bottom: 8, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' };

interface CustomApi {
  value(dimension: number): number;
  coord(point: readonly [number, number]): [number, number];
  size(extent: readonly [number, number]): [number, number];
}
type Hit = { readonly dataIndex: number };

const ofBench =
  (draw: (bench: Bench, part: string, look: Look, alt: string) => Chart): ChartKind =>
  (data, ...rest) =>
    draw(data as Bench, ...rest);

const ratioText = (ratio: number): string => `${Number(ratio.toPrecision(3))}x`;
const hover = (look: Look, more: Readonly<Record<string, unknown>>): Record<string, unknown> => ({
  ...(base(look, '')['tooltip'] as object),
  ...more,
});

/** Rows of names, from above. */
const rowsAxis = (look: Look, names: readonly string[]): Record<string, unknown> =>
  axis(look, {
    type: 'category',
    inverse: true,
    data: names,
    axisLine: { show: false },
    axisLabel: { color: look.text, hideOverlap: false },
    splitLine: { show: false },
  });

/** Powers of ten around some values, for an axis of logarithms. */
function decades(values: readonly number[]): { low: number; high: number } {
  const logs = values.filter((value) => value > 0).map(Math.log10);
  // a bar that has no length is none
  return { low: Math.floor(Math.min(0, ...logs) - 0.1), high: Math.ceil(Math.max(0.01, ...logs)) };
}

const logAxis = (look: Look, { low, high }: { low: number; high: number }, format: (n: number) => string) =>
  axis(look, {
    type: 'value',
    min: low,
    max: high,
    interval: 1,
    axisLabel: { formatter: (power: number) => format(Number((10 ** power).toPrecision(6))) },
  });

/** A bar for each target, from nothing to what was measured, and marks at its floor, its target and its moonshot. */
export const benchTargets = ofBench(({ targets }, _part, look, alt) => {
  const rows = targets.filter(({ ratio }) => ratio !== null);
  const extent = decades(rows.flatMap(({ ratio, floor, moonshot }) => [ratio ?? 1, floor, moonshot]));
  const [bar, floor, target, moonshot] = [look.inkOf(0), look.inkOf(1), look.inkOf(2), look.inkOf(3)];
  const marks = [
    { name: 'floor', ink: floor, of: (i: number) => rows[i]?.floor ?? 1 },
    { name: 'target', ink: target, of: (i: number) => rows[i]?.target ?? 1 },
    { name: 'moonshot', ink: moonshot, of: (i: number) => rows[i]?.moonshot ?? 1 },
  ];
  const legend: LegendEntry[] = [
    { name: 'measured', color: bar.color, mark: 'bar' },
    ...marks.map(({ name, ink }) => ({ name, color: ink.color, mark: 'diamond' as const })),
  ];
  const option: EChartsCoreOption = {
    ...base(look, alt),
    grid: GRID,
    xAxis: logAxis(look, extent, ratioText),
    yAxis: rowsAxis(
      look,
      rows.map(({ id, what }) => (look.narrow ? id : what)),
    ),
    tooltip: hover(look, {
      trigger: 'axis',
      axisPointer: { type: 'shadow' },
      formatter: ([hit]: readonly Hit[]) => {
        const row = rows[hit?.dataIndex ?? -1];
        if (row === undefined) return '';
        return tip(row.what, [
          ['measured', ratioText(row.ratio ?? 0)],
          ['floor', ratioText(row.floor)],
          ['target', ratioText(row.target)],
          ['moonshot', ratioText(row.moonshot)],
        ]);
      },
    }),
    series: [
      {
        type: 'custom',
        name: 'measured',
        encode: { x: 0, y: 1 },
        data: rows.map(({ ratio }, i) => [Math.log10(ratio ?? 1), i]),
        itemStyle: { color: bar.color },
        renderItem: (_: unknown, api: CustomApi) => {
          const [right, middle] = api.coord([api.value(0), api.value(1)]);
          const [left] = api.coord([extent.low, api.value(1)]);
          const height = api.size([0, 1])[1] * 0.5;
          const shape = { x: left, y: middle - height / 2, width: Math.max(1, right - left), height };
          return { type: 'rect', shape, style: { fill: bar.color } };
        },
      },
      ...marks.map(({ name, ink, of }) => ({
        type: 'scatter',
        name,
        symbol: 'diamond',
        symbolSize: 11,
        itemStyle: { color: ink.color, borderColor: look.background, borderWidth: 1 },
        data: rows.map((_, i) => [Math.log10(of(i)), i]),
      })),
    ],
  };
  return { legend, option };
});

interface Line {
  readonly name: string;
  /** By place on the x axis. */
  readonly values: readonly (number | null)[];
}

/** Lines over some places, on an axis of logarithms. */
function linesChart(
  look: Look,
  alt: string,
  {
    places,
    lines,
    format,
    short,
  }: {
    readonly places: readonly string[];
    readonly lines: readonly Line[];
    readonly format: (n: number) => string;
    readonly short: (n: number) => string;
  },
): Chart {
  return {
    legend: lines.map(({ name }, i) => ({ name, color: look.inkOf(i).color, dash: look.inkOf(i).dash })),
    option: {
      ...base(look, alt),
      grid: GRID,
      xAxis: axis(look, { type: 'category', data: places, splitLine: { show: false } }),
      yAxis: axis(look, { type: 'log', axisLine: { show: false }, axisLabel: { formatter: short } }),
      tooltip: hover(look, {
        trigger: 'axis',
        formatter: ([hit]: readonly Hit[]) => {
          const at = hit?.dataIndex ?? -1;
          return tip(
            places[at] ?? '',
            lines.flatMap(({ name, values }) => {
              const value = values[at] ?? null;
              return value === null ? [] : [[name, format(value)] as const];
            }),
          );
        },
      }),
      series: lines.map(({ name, values }, i) => ({
        type: 'line',
        name,
        data: values,
        symbol: look.inkOf(i).symbol,
        symbolSize: 8,
        lineStyle: { color: look.inkOf(i).color, type: look.inkOf(i).dash, width: 2 },
        itemStyle: { color: look.inkOf(i).color },
      })),
    },
  };
}

const named = ({ groups }: Bench, table: string): Group[] => groups.filter((group) => group.table === table);
const measured = (group: Group): readonly Contestant[] => group.contestants.filter(({ value }) => value !== null);

/** What each contestant of a table gets done in a second, over its columns. @param part - the table */
export const benchThroughput = ofBench((bench, part, look, alt) => {
  const groups = named(bench, part);
  const names = [...new Set(groups.flatMap((group) => measured(group).map(({ name }) => name)))];
  const rate = (group: Group, name: string): number | null => {
    const ns = contestantOf(group, name)?.value ?? null;
    return ns === null ? null : 1e9 / ns;
  };
  return linesChart(look, alt, {
    places: groups.map(({ column }) => column),
    lines: names.map((name) => ({ name, values: groups.map((group) => rate(group, name)) })),
    format: (n) => `${compact(n)}/s`,
    short: compact,
  });
});

/** The columns of some tables over their rows, such as latencies over CPUs. @param part - of the benchmark */
export const benchOverRows = ofBench((bench, part, look, alt) => {
  const groups = bench.groups.filter((group) => group.part === part || group.table === part);
  const places = [...new Set(groups.flatMap(({ contestants }) => contestants.map(({ name }) => name)))];
  const several = new Set(groups.map(({ table }) => table)).size > 1;
  const isTime = groups[0]?.unit === 'ns';
  return linesChart(look, alt, {
    places,
    lines: groups.map((group) => ({
      name: several ? `${group.table}, ${group.column}` : group.column,
      values: places.map((name) => contestantOf(group, name)?.value ?? null),
    })),
    format: isTime ? duration : (n) => `${compact(n)}/s`,
    short: isTime ? shortDuration : compact,
  });
});

/** From the least to the most share that a thread had, for each lock. @param part - the column */
export const benchFairness = ofBench((bench, part, look, alt) => {
  const [least, most] = bench.groups.filter((group) => group.part === 'fairness' && group.column === part);
  if (least === undefined || most === undefined) return { option: base(look, alt) };
  const rows = measured(least).map(({ name, value }) => ({
    name,
    from: value ?? 0,
    to: contestantOf(most, name)?.value ?? 0,
  }));
  const { color } = look.inkOf(0);
  return {
    option: {
      ...base(look, alt),
      grid: GRID,
      xAxis: axis(look, { type: 'value', min: 0, axisLabel: { formatter: (share: number) => share.toFixed(1) } }),
      yAxis: rowsAxis(
        look,
        rows.map(({ name }) => name),
      ),
      tooltip: hover(look, {
        trigger: 'item',
        formatter: ({ dataIndex }: Hit) => {
          const row = rows[dataIndex];
          return row === undefined
            ? ''
            : tip(row.name, [
                ['least', row.from.toFixed(2)],
                ['most', row.to.toFixed(2)],
              ]);
        },
      }),
      series: {
        type: 'custom',
        encode: { x: [0, 1], y: 2 },
        data: rows.map(({ from, to }, i) => [from, to, i]),
        renderItem: (_: unknown, api: CustomApi) => {
          const [left, middle] = api.coord([api.value(0), api.value(2)]);
          const [right] = api.coord([api.value(1), api.value(2)]);
          const height = Math.min(18, api.size([0, 1])[1] * 0.5);
          const shape = { x: left, y: middle - height / 2, width: Math.max(2, right - left), height };
          return { type: 'rect', shape, style: { fill: color } };
        },
        markLine: {
          silent: true,
          symbol: 'none',
          lineStyle: { color: look.faint, type: 'solid' },
          label: { show: false },
          data: [{ xAxis: 1 }],
        },
      },
    },
  };
});
