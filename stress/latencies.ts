// SPDX-License-Identifier: GPL-2.0-only
/** Latencies of system calls, merged over CPUs and rounds. */
import { build, decodeFromCompressedBase64, type Histogram } from 'hdr-histogram-js';
import type { Latency } from './report/result.ts';

/** The longest time that a histogram takes, ns. */
const LONGEST_NS = 120e9;

export class Latencies {
  private readonly histograms = new Map<string, Histogram>();

  /** @param latency - by system call: histograms in compressed base64 form */
  add(latency: Readonly<Record<string, readonly string[]>>): void {
    for (const [name, encoded] of Object.entries(latency)) {
      let sum = this.histograms.get(name);
      if (sum === undefined) {
        sum = build({ highestTrackableValue: LONGEST_NS, numberOfSignificantValueDigits: 2, bitBucketSize: 64 });
        this.histograms.set(name, sum);
      }
      for (const one of encoded) sum.add(decodeFromCompressedBase64(one));
    }
  }

  /** By system call. */
  summary(): Record<string, Latency> {
    const sorted = [...this.histograms].sort(([a], [b]) => a.localeCompare(b));
    return Object.fromEntries(
      sorted.map(([name, h]) => [
        name,
        {
          samples: h.totalCount,
          min: h.minNonZeroValue,
          mean: h.mean,
          p50: h.getValueAtPercentile(50),
          p90: h.getValueAtPercentile(90),
          p99: h.getValueAtPercentile(99),
          p999: h.getValueAtPercentile(99.9),
          max: h.maxValue,
        },
      ]),
    );
  }
}
