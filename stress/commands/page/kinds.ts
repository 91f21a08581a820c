// SPDX-License-Identifier: GPL-2.0-only
/** The kinds of charts that a page may ask for, by the name in its `data-chart`. */
import { benchFairness, benchOverRows, benchTargets, benchThroughput } from '../../bench/page/charts/bench.ts';
import type { ChartKind } from '../../html/client/chart.ts';
import { lanes } from '../../report/page/charts/lanes.ts';
import { lockTimes } from '../../report/page/charts/lock_times.ts';
import { overTime } from '../../report/page/charts/over_time.ts';
import { percentiles } from '../../report/page/charts/percentiles.ts';
import { roles } from '../../report/page/charts/roles.ts';
import { sweepContention, sweepThroughput } from '../../sweep/page/charts/scaling.ts';

export const KINDS: Readonly<Record<string, ChartKind>> = {
  'bench-fairness': benchFairness,
  'bench-over-rows': benchOverRows,
  'bench-targets': benchTargets,
  'bench-throughput': benchThroughput,
  lanes,
  'lock-times': lockTimes,
  'over-time': overTime,
  percentiles,
  roles,
  'sweep-contention': sweepContention,
  'sweep-throughput': sweepThroughput,
};
