// SPDX-License-Identifier: GPL-2.0-only
/** The kinds of charts that a page may ask for, by the name in its `data-chart`. */
import { benchFairness, benchOverRows, benchTargets, benchThroughput } from './bench.ts';
import type { ChartKind } from './chart.ts';
import { lanes } from './lanes.ts';
import { lockTimes } from './lock_times.ts';
import { overTime } from './over_time.ts';
import { percentiles } from './percentiles.ts';
import { roles } from './roles.ts';
import { sweepContention, sweepThroughput } from './scaling.ts';

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
