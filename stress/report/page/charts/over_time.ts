// SPDX-License-Identifier: GPL-2.0-only
/** Throughput, ring occupancy and free slots, grace periods, live contexts: one above the other, over the same time. */
import { axis, base, slider, tip, wheel } from '../../../html/client/axes.ts';
import { ofRun } from '../../../html/client/chart.ts';
import type { Look } from '../../../html/client/look.ts';
import type { RunResult, TimelinePoint } from '../../../result/run_result.ts';
import { compact, percent, shortPercent } from '../../../text/units.ts';
import { clockOf, endOf, type Stretch, stretchesOf, whoOf } from './timeline.ts';

/** Room below the last panel, for the labels of the axis and the slider. */
const BELOW = 56;
/** Room above each panel, for its title. */
const ABOVE = 24;
/** Room between a panel and the next one's title. */
const BETWEEN = 16;

interface Line {
  readonly name: string;
  readonly pick: (point: TimelinePoint) => number | null;
  readonly dash: 'solid' | 'dashed';
  readonly series: number;
}
interface Panel {
  readonly title: string;
  readonly format: (value: number) => string;
  readonly max?: number;
  readonly lines: readonly Line[];
}

const PANELS: readonly Panel[] = [
  {
    title: 'Events reaped, per second',
    format: compact,
    lines: [{ name: 'events/s', pick: (point) => point.eventsPerSecond, dash: 'solid', series: 0 }],
  },
  {
    title: 'Ring slots: unread events (solid), free (dashed)',
    format: shortPercent,
    max: 1,
    lines: [
      { name: 'unread', pick: (point) => point.occupancy, dash: 'solid', series: 1 },
      { name: 'free', pick: (point) => point.freeSlots, dash: 'dashed', series: 2 },
    ],
  },
  {
    title: 'RCU grace periods, per second',
    format: compact,
    lines: [{ name: 'grace periods/s', pick: (point) => point.gracePeriodsPerSecond, dash: 'solid', series: 3 }],
  },
  {
    title: 'Live contexts',
    format: compact,
    lines: [{ name: 'contexts', pick: (point) => point.contexts, dash: 'solid', series: 4 }],
  },
];

const percentOrNone = (share: number | null): string => (share === null ? 'no context' : percent(share));

/** What was so at a moment. */
function moment(point: TimelinePoint, who: string): HTMLElement {
  return tip(clockOf(point.ms / 1000), [
    ['', who],
    ['events/s', compact(point.eventsPerSecond)],
    ['unread slots', percentOrNone(point.occupancy)],
    ['free slots', percentOrNone(point.freeSlots)],
    ['grace periods/s', compact(point.gracePeriodsPerSecond)],
    ['live contexts', compact(point.contexts)],
  ]);
}

/** A line's points; one without neighbours is no line, and is drawn as a dot. */
function pointsOf(timeline: readonly TimelinePoint[], pick: Line['pick']): object[] {
  const values = timeline.map(pick);
  return timeline.map(({ ms }, i) => {
    const alone = (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null;
    return { value: [ms / 1000, values[i]], ...(alone ? { symbol: 'circle', symbolSize: 4 } : {}) };
  });
}

/** Where a build with a fix taken back was under way, as areas; neighbours are one. */
function shadedOf(stretches: readonly Stretch[]): [{ xAxis: number }, { xAxis: number }][] {
  const areas: [{ xAxis: number }, { xAxis: number }][] = [];
  for (const { from, to, scenario } of stretches) {
    if (scenario === null || scenario.build.reverted.length === 0) continue;
    const before = areas.at(-1);
    if (before !== undefined && before[1].xAxis === from) before[1].xAxis = to;
    else areas.push([{ xAxis: from }, { xAxis: to }]);
  }
  return areas;
}

function seriesOf({ timeline }: RunResult, stretches: readonly Stretch[], look: Look): object[] {
  const shaded = { silent: true, itemStyle: { color: look.shade }, data: shadedOf(stretches) };
  return PANELS.flatMap(({ lines }, panel) =>
    lines.map(({ name, pick, dash, series }, i) => ({
      type: 'line',
      name,
      xAxisIndex: panel,
      yAxisIndex: panel,
      symbol: 'none',
      lineStyle: { color: look.inkOf(series).color, width: 1.5, type: dash },
      itemStyle: { color: look.inkOf(series).color },
      data: pointsOf(timeline, pick),
      ...(i === 0 ? { markArea: shaded } : {}),
    })),
  );
}

export const overTime = ofRun((result, _part, look, alt) => {
  const { timeline } = result;
  const stretches = stretchesOf(result);
  const pitch = (look.height - BELOW) / PANELS.length;
  return {
    overTime: true,
    option: {
      ...base(look, alt),
      title: PANELS.map(({ title }, i) => ({
        text: title,
        left: 0,
        top: i * pitch + 3,
        padding: 0,
        textStyle: { fontSize: 12, fontWeight: 'normal', color: look.faint },
      })),
      grid: PANELS.map((_, i) => ({
        left: 52,
        right: 16,
        top: i * pitch + ABOVE,
        height: pitch - ABOVE - BETWEEN,
        outerBoundsMode: 'none',
      })),
      xAxis: PANELS.map((_, i) =>
        axis(look, {
          type: 'value',
          gridIndex: i,
          min: 0,
          max: endOf(result),
          splitLine: { show: false },
          axisLabel: { show: i === PANELS.length - 1, showMaxLabel: false, formatter: clockOf },
        }),
      ),
      yAxis: PANELS.map(({ format, max }, i) =>
        axis(look, {
          type: 'value',
          gridIndex: i,
          min: 0,
          ...(max === undefined ? {} : { max }),
          splitNumber: 2,
          axisLine: { show: false },
          axisLabel: { formatter: format },
        }),
      ),
      tooltip: {
        ...(base(look, alt)['tooltip'] as object),
        trigger: 'axis',
        formatter: (hits: readonly { dataIndex: number }[]) => {
          const at = hits[0]?.dataIndex ?? -1;
          const point = timeline[at];
          return point === undefined ? '' : moment(point, whoOf(stretches[at]?.scenario ?? null));
        },
      },
      axisPointer: { link: [{ xAxisIndex: 'all' }] },
      dataZoom: [
        { ...slider(look), xAxisIndex: PANELS.map((_, i) => i) },
        { ...wheel, xAxisIndex: PANELS.map((_, i) => i) },
      ],
      series: seriesOf(result, stretches, look),
    },
  };
});
