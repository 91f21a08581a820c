// SPDX-License-Identifier: GPL-2.0-only
/** Percentiles in tables; one that the samples are too few for would be the maximum by another name. */
import type { Distribution } from '../../result/run_result.ts';
import { us } from '../../text/layout.ts';

type Named = 'p50' | 'p90' | 'p99' | 'p999';

/** Samples from which on one of them is expected to lie beyond. */
const SAMPLES_MIN: Readonly<Record<Named, number>> = { p50: 2, p90: 10, p99: 100, p999: 1000 };

/** `12.30` us, or `-` where the samples are too few to say. */
export const percentile = (times: Distribution, name: Named): string =>
  times.samples < SAMPLES_MIN[name] ? '-' : us(times[name]);
