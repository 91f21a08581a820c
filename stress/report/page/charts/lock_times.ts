// SPDX-License-Identifier: GPL-2.0-only
/** Histogram of the times that a lock was waited for, or held: `part` is `<index>.wait` or `<index>.hold`. */
import { bucketsOf } from '../../../html/buckets.ts';
import { axis, base, tip } from '../../../html/client/axes.ts';
import { ofRun } from '../../../html/client/chart.ts';
import { duration, percent, shortDuration, shortPercent } from '../../../text/units.ts';

const BARS_PER_DOUBLING = 4;

interface CustomApi {
  readonly value: (dimension: number) => number;
  readonly coord: (point: readonly number[]) => [x: number, y: number];
}

/** Lines at percentiles, so that a tail shows that is too thin to be seen. */
const markers = (marks: readonly (readonly [string, number])[], color: string): Record<string, unknown> => ({
  silent: true,
  symbol: 'none',
  lineStyle: { color, type: 'dashed', width: 1 },
  label: { color, fontSize: 11, formatter: ({ name }: { name: string }) => name },
  data: marks.map(([name, ns]) => ({ name, xAxis: Math.log10(Math.max(1, ns)) })),
});

export const lockTimes = ofRun((result, part, look, alt) => {
  const [index, what] = part.split('.') as [string, 'wait' | 'hold'];
  const lock = result.locks[Number(index)];
  if (lock === undefined) throw new Error(`no lock ${index}`);
  const d = lock[what];
  const buckets = bucketsOf(d.histogram, BARS_PER_DOUBLING);
  const color = what === 'wait' ? look.inkOf(1).color : look.accent;
  const low = Math.floor(Math.log10(Math.max(1, d.min)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(1, d.max))));
  return {
    option: {
      ...base(look, alt),
      grid: { left: 8, right: 16, top: 26, bottom: 8, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
      xAxis: axis(look, {
        type: 'value',
        min: low,
        max: high,
        interval: 1,
        axisLabel: { formatter: (power: number) => shortDuration(10 ** power) },
      }),
      yAxis: axis(look, {
        type: 'value',
        splitNumber: 3,
        axisLine: { show: false },
        axisLabel: { formatter: shortPercent },
      }),
      tooltip: {
        ...(base(look, alt)['tooltip'] as object),
        trigger: 'item',
        formatter: ({ dataIndex }: { dataIndex: number }) => {
          const bucket = buckets[dataIndex];
          if (bucket === undefined) return '';
          return tip(`${duration(bucket.from)} to ${duration(bucket.to)}`, [
            ['times', bucket.count.toLocaleString('en-US')],
            ['share', percent(bucket.count / d.samples)],
          ]);
        },
      },
      series: {
        type: 'custom',
        encode: { x: [0, 1], y: 2 },
        data: buckets.map(({ from, to, count }) => [Math.log10(from), Math.log10(to), count / d.samples]),
        renderItem: (_: unknown, api: CustomApi) => {
          const [left, top] = api.coord([api.value(0), api.value(2)]);
          const [right, bottom] = api.coord([api.value(1), 0]);
          const shape = { x: left, y: top, width: Math.max(1, right - left - 1), height: bottom - top };
          return { type: 'rect', shape, style: { fill: color } };
        },
        markLine: markers(
          [
            ['p50', d.p50],
            ['p99', d.p99],
            ['max', d.max],
          ],
          look.faint,
        ),
      },
    },
  };
});
