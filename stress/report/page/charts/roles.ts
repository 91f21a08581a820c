// SPDX-License-Identifier: GPL-2.0-only
/** How each role's time was shared out: a bar for each role. */
import { axis, base, tip } from '../../../html/client/axes.ts';
import { ofRun } from '../../../html/client/chart.ts';
import { ACTIVITIES } from '../../../result/run_result.ts';
import { percent, shortPercent } from '../../../text/units.ts';

export const roles = ofRun((result, _part, look, alt) => {
  const all = Object.entries(result.roles);
  return {
    legend: ACTIVITIES.map((name, i) => ({ name, color: look.activities[i] as string, mark: 'bar' })),
    option: {
      ...base(look, alt),
      grid: { left: 8, right: 24, top: 4, bottom: 8, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
      tooltip: {
        ...(base(look, alt)['tooltip'] as object),
        trigger: 'axis',
        axisPointer: { type: 'shadow' },
        formatter: (hits: readonly { dataIndex: number }[]) => {
          const [role, shares] = all[hits[0]?.dataIndex ?? -1] ?? [];
          return shares === undefined
            ? ''
            : tip(
                role ?? '',
                ACTIVITIES.map((name) => [name, percent(shares[name])] as const),
              );
        },
      },
      xAxis: axis(look, {
        type: 'value',
        min: 0,
        max: 1,
        axisLabel: { formatter: shortPercent },
      }),
      yAxis: axis(look, {
        type: 'category',
        inverse: true,
        data: all.map(([role]) => role),
        axisLine: { show: false },
        axisLabel: { color: look.text },
        splitLine: { show: false },
      }),
      series: ACTIVITIES.map((name, i) => ({
        type: 'bar',
        name,
        stack: 'time',
        barWidth: '62%',
        itemStyle: { color: look.activities[i], borderColor: look.background, borderWidth: 1 },
        data: all.map(([, shares]) => shares[name]),
      })),
    },
  };
});
