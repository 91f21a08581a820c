// SPDX-License-Identifier: GPL-2.0-only
/**
 * Where lock_stat counts: buffers outside RAM, a part for each CPU, written plainly by that CPU and readable at any
 * moment by the main thread.
 *
 *   counters     a row for each class: counts, and the least, the greatest and the sum of the times, exact
 *   histograms   two for each class: every wait, and the timed holds
 *   sampling     what is to be timed or looked at next, and what other CPUs ask of this one
 *   sites       who waited and who held; see contention_sites.ts
 *   slices       the last waits and timed holds; see lock_slices.ts
 *
 * The histograms of 256 CPUs are 90 MB, of which the operating system commits the pages that are written. So nobody may
 * write, or clear, what is not used.
 */
import { binOf, HISTOGRAM_BINS } from '../../arch/sab/histogram.ts';
import { createDoubles, createWords, type Doubles, type Words } from '../../arch/sab/words.ts';
import { LOCK_CLASS_COUNT } from './classes.ts';
import { clearSites, createSites, type Sites } from './contention_sites.ts';
import { clearSlices, createSlices } from './lock_slices.ts';

/** What a thread needs to count, and the main thread to read. Can be posted. */
export interface LockStatBuffers {
  readonly cpus: number;
  readonly counters: Doubles;
  readonly histograms: Words;
  readonly sampling: Words;
  readonly sites: Sites;
  readonly slices: Doubles;
}

// Columns of a class's counters. Times in ns; a minimum is followed by its maximum and total.
/** What acquisitions will have come to when HOLD_LEFT is 0. */
export const ACQUISITIONS_DUE = 0;
export const CONTENTIONS = 1;
export const ACQ_BOUNCES = 2;
export const CON_BOUNCES = 3;
export const WAIT_MIN = 4;
export const HOLD_SAMPLES = 7;
export const HOLD_MIN = 8;
/** Contentions whose site found no room in the table, by kind of site. */
export const OTHER_SITES = 11;
const COLUMNS = 16;
const CPU_DOUBLES = LOCK_CLASS_COUNT * COLUMNS;

// Words of a CPU's sampling. The first two are written by other CPUs, and have lines of their own.
/** Address of a lock: whoever waits for it wants to know where this CPU releases it. 0: nobody does. */
export const ASKED_LOCK = 0;
/** Contentions that the answer counts for. */
export const ASKED_WEIGHT = 1;
const CLASS_WORDS_FROM = 32;
// Words of a class in them.
/** Acquisitions until the one whose hold is timed. */
export const HOLD_LEFT = 0;
/** Contentions until the one whose site is looked at. */
export const SITE_LEFT = 1;
/** Contentions since a site was looked at. */
export const SITE_PASSED = 2;
/** Where the last one was: index of the site plus one; 0: it found no room. */
export const SITE_LAST = 3;
const CLASS_WORDS = 4;
/** A multiple of two cache lines. */
const CPU_WORDS = (CLASS_WORDS_FROM + LOCK_CLASS_COUNT * CLASS_WORDS + 31) & -32;

/** Index of a class's counters. */
export const rowOf = (cpu: number, cls: number): number => cpu * CPU_DOUBLES + cls * COLUMNS;
/** Index of a CPU's sampling. */
export const samplingOf = (cpu: number): number => cpu * CPU_WORDS;
/** Index of a class's words there. */
export const classSamplingOf = (cpu: number, cls: number): number =>
  cpu * CPU_WORDS + CLASS_WORDS_FROM + cls * CLASS_WORDS;
export const waitHistogramOf = (cpu: number, cls: number): number =>
  (cpu * LOCK_CLASS_COUNT + cls) * 2 * HISTOGRAM_BINS;
export const holdHistogramOf = (cpu: number, cls: number): number => waitHistogramOf(cpu, cls) + HISTOGRAM_BINS;

export const createLockStat = (cpus: number): LockStatBuffers => ({
  cpus,
  counters: createDoubles(cpus * CPU_DOUBLES),
  histograms: createWords(cpus * LOCK_CLASS_COUNT * 2 * HISTOGRAM_BINS),
  sampling: createWords(cpus * CPU_WORDS),
  sites: createSites(cpus),
  slices: createSlices(cpus),
});

/** Adds a time to a minimum, a maximum and a total that stand in a row. */
export function addTime(counters: Doubles, min: number, ns: number): void {
  const seen = counters[min] as number;
  if (seen === 0 || ns < seen) counters[min] = ns;
  if (ns > (counters[min + 1] as number)) counters[min + 1] = ns;
  counters[min + 2] = (counters[min + 2] as number) + ns;
}

/** A CPU's acquisitions of a class. */
export const acquisitionsOf = ({ counters, sampling }: LockStatBuffers, cpu: number, cls: number): number =>
  (counters[rowOf(cpu, cls) + ACQUISITIONS_DUE] as number) -
  (sampling[classSamplingOf(cpu, cls) + HOLD_LEFT] as number);

/** Bins of the times whose minimum stands at `min`: the first, and the one behind the last. */
export function usedBins(counters: Doubles, min: number): readonly [number, number] {
  const longest = counters[min + 1] as number;
  return longest === 0 ? [0, 0] : [binOf(counters[min] as number), binOf(longest) + 1];
}

function clearHistogram({ counters, histograms }: LockStatBuffers, min: number, base: number): void {
  const [first, end] = usedBins(counters, min);
  histograms.fill(0, base + first, base + end);
}

/** Forgets everything. No CPU may be counting. */
export function clearLockStat(buffers: LockStatBuffers): void {
  const { cpus, counters, sampling } = buffers;
  for (let cpu = 0; cpu < cpus; cpu++) {
    const asked = samplingOf(cpu) + ASKED_LOCK;
    if (sampling[asked] !== 0) sampling[asked] = 0;
    for (let cls = 0; cls < LOCK_CLASS_COUNT; cls++) {
      const row = rowOf(cpu, cls);
      if (acquisitionsOf(buffers, cpu, cls) === 0 && counters[row + CONTENTIONS] === 0) continue;
      clearHistogram(buffers, row + WAIT_MIN, waitHistogramOf(cpu, cls));
      clearHistogram(buffers, row + HOLD_MIN, holdHistogramOf(cpu, cls));
      counters.fill(0, row, row + COLUMNS);
      sampling.fill(0, classSamplingOf(cpu, cls), classSamplingOf(cpu, cls) + CLASS_WORDS);
    }
  }
  clearSites(buffers.sites, cpus);
  clearSlices(buffers.slices, cpus);
}
