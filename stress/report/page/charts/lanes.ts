// SPDX-License-Identifier: GPL-2.0-only
/**
 * A lane for each CPU: what it did most of the time, by colour and by height, so that neither is needed alone.
 *
 * Stretches of the same activity are one rectangle; a long run with busy threads would otherwise have ten thousand.
 */
import { graphic } from 'echarts/core';
import { axis, base, slider, tip, wheel } from '../../../html/client/axes.ts';
import { ofRun } from '../../../html/client/chart.ts';
import { ACTIVITIES, ACTIVITY_LETTERS } from '../../../result/run_result.ts';
import { clockOf, endOf, type Stretch, stretchesOf, whoOf } from './timeline.ts';

/** Of a lane's height: user, kernel, lock, sleep, idle. */
export const HEIGHTS = [0.6, 0.8, 1, 0.35, 0.12];
const FULL = 0.86;

type Slice = [cpu: number, from: number, to: number, activity: number];

function slicesOf(activities: readonly string[], stretches: readonly Stretch[], cpu: number): Slice[] {
  const slices: Slice[] = [];
  activities.forEach((letters, i) => {
    const activity = ACTIVITY_LETTERS.indexOf(letters[cpu] ?? ' ');
    const stretch = stretches[i];
    if (activity < 0 || stretch === undefined) return;
    const before = slices.at(-1);
    if (before !== undefined && before[3] === activity && before[2] === stretch.from) before[2] = stretch.to;
    else slices.push([cpu, stretch.from, stretch.to, activity]);
  });
  return slices;
}

interface Params {
  readonly coordSys: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
}
interface CustomApi {
  readonly value: (dimension: number) => number;
  readonly coord: (point: readonly number[]) => [x: number, y: number];
  readonly size: (span: readonly number[]) => [width: number, height: number];
}

const draw = (activity: number, color: string) => (params: Params, api: CustomApi) => {
  const lane = api.size([0, 1])[1] * FULL;
  const [left, middle] = api.coord([api.value(1), api.value(0)]);
  const [right] = api.coord([api.value(2), api.value(0)]);
  const height = lane * (HEIGHTS[activity] as number);
  const whole = { x: left, y: middle + lane / 2 - height, width: Math.max(0.5, right - left), height };
  const shape = graphic.clipRectByRect(whole, params.coordSys);
  return shape === undefined ? null : { type: 'rect', shape, style: { fill: color } };
};

export const lanes = ofRun((result, _part, look, alt) => {
  const stretches = stretchesOf(result);
  const activities = result.timeline.map((point) => point.activity);
  const cpus = Math.max(0, ...activities.map((letters) => letters.length));
  const slices = Array.from({ length: cpus }, (_, cpu) => slicesOf(activities, stretches, cpu)).flat();
  const color = (activity: number): string => look.activities[activity] as string;
  return {
    overTime: true,
    legend: ACTIVITIES.map((name, i) => ({ name, color: color(i), mark: 'bar', fill: HEIGHTS[i] as number })),
    option: {
      ...base(look, alt),
      grid: { left: 52, right: 16, top: 4, bottom: 48, outerBoundsMode: 'none' },
      xAxis: axis(look, {
        type: 'value',
        min: 0,
        max: endOf(result),
        splitLine: { show: false },
        axisLabel: { showMaxLabel: false, formatter: clockOf },
      }),
      yAxis: axis(look, {
        type: 'category',
        inverse: true,
        data: Array.from({ length: cpus }, (_, cpu) => `cpu ${cpu}`),
        axisLine: { show: false },
        axisLabel: { interval: 0 },
        splitLine: { show: false },
      }),
      tooltip: {
        ...(base(look, alt)['tooltip'] as object),
        trigger: 'item',
        formatter: ({ value }: { value: Slice }) => {
          const [cpu, from, to, activity] = value;
          const during = [
            ...new Set(stretches.filter((at) => at.to > from && at.from < to).map(({ scenario }) => whoOf(scenario))),
          ];
          return tip(`cpu ${cpu}: ${ACTIVITIES[activity]}`, [
            ['', `${clockOf(from)} to ${clockOf(to)}`],
            ['', during.length > 1 ? `${during.length} scenarios` : (during[0] ?? '')],
          ]);
        },
      },
      dataZoom: [
        { ...slider(look), xAxisIndex: 0, filterMode: 'weakFilter' },
        { ...wheel, xAxisIndex: 0, filterMode: 'weakFilter' },
      ],
      series: ACTIVITIES.map((name, i) => ({
        type: 'custom',
        name,
        encode: { x: [1, 2], y: 0 },
        data: slices.filter(([, , , activity]) => activity === i),
        itemStyle: { color: color(i) },
        renderItem: draw(i, color(i)),
      })),
    },
  };
});
