// SPDX-License-Identifier: GPL-2.0-only
/** What is made of a contestant's samples: medians over the rounds, of the values and of the ratios to the baseline. */
import { interquartileRange, median } from 'simple-statistics';
import type { Contestant, Group, GroupSpec, Sample } from './bench_result.ts';
import { NOISY_CPUS } from './foreign.ts';

/** With fewer quiet rounds than this the noisy ones count as well, and the figure is marked. */
const QUIET_ROUNDS_MIN = 3;

export const isNoisy = ({ foreign }: Sample): boolean => foreign !== null && foreign > NOISY_CPUS;

/** Half the distance between the quartiles, in percent of the median; null for nothing. */
export function spreadPercent(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const middle = median([...values]);
  return middle === 0 ? 0 : (50 * interquartileRange([...values])) / Math.abs(middle);
}

const medianOf = (values: readonly number[]): number | null => (values.length === 0 ? null : median([...values]));

/** How a value compares with the baseline's, as the group means it. */
export function ratioOf({ relation, unit }: Pick<GroupSpec, 'relation' | 'unit'>, value: number, base: number): number {
  const moreIsFaster = unit === '/s';
  return relation === 'cost' || moreIsFaster ? value / base : base / value;
}

/** A round of a contestant beside the baseline's. */
export interface Ratio {
  readonly round: number;
  readonly value: number;
  /** Whether either window was. */
  readonly noisy: boolean;
}

/** The ratios of two series, round by round. */
export function ratiosOf(
  group: Pick<GroupSpec, 'relation' | 'unit'>,
  samples: readonly Sample[],
  base: readonly Sample[],
): Ratio[] {
  const byRound = new Map(base.map((sample) => [sample.round, sample]));
  return samples.flatMap((sample) => {
    const other = byRound.get(sample.round);
    if (other === undefined || sample.value <= 0 || other.value <= 0) return [];
    const noisy = isNoisy(sample) || isNoisy(other);
    return [{ round: sample.round, value: ratioOf(group, sample.value, other.value), noisy }];
  });
}

/** Those that count: the quiet ones, or all if too few are quiet. */
export function counting<T>(all: readonly T[], noisy: (one: T) => boolean): { counted: readonly T[]; doubt: boolean } {
  const quiet = all.filter((one) => !noisy(one));
  const enough = quiet.length >= Math.min(QUIET_ROUNDS_MIN, all.length);
  return { counted: enough ? quiet : all, doubt: !enough };
}

/** A contestant that was measured, or not, beside the baseline's samples. */
export function summarise(
  spec: GroupSpec,
  { name, ours, absent }: Pick<Contestant, 'name' | 'ours' | 'absent'>,
  samples: readonly Sample[],
  base: readonly Sample[] | null,
): Contestant {
  const own = counting(samples, isNoisy);
  const values = own.counted.map(({ value }) => value);
  const paired = base === null ? [] : ratiosOf(spec, samples, base);
  const pairs = counting(paired, ({ noisy }) => noisy);
  const ratios = pairs.counted.map(({ value }) => value);
  return {
    ...{ name, ours, absent },
    value: medianOf(values),
    spreadPercent: spreadPercent(values),
    ratio: medianOf(ratios),
    ratioSpreadPercent: spreadPercent(ratios),
    noisyRounds: base === null ? samples.filter(isNoisy).length : paired.filter(({ noisy }) => noisy).length,
    doubtful: own.doubt || pairs.doubt,
    samples,
  };
}

/** A group while it is measured. */
export class Collector {
  readonly spec: GroupSpec;
  private readonly contestants: readonly Pick<Contestant, 'name' | 'ours' | 'absent'>[];
  private readonly samples = new Map<string, Sample[]>();
  /** Why contestants had nothing to measure, when last asked. */
  private readonly misses = new Map<string, string>();

  constructor(spec: GroupSpec, contestants: readonly Pick<Contestant, 'name' | 'ours' | 'absent'>[]) {
    this.spec = spec;
    this.contestants = contestants;
  }

  add(name: string, sample: Sample): void {
    const known = this.samples.get(name);
    if (known === undefined) this.samples.set(name, [sample]);
    else known.push(sample);
  }

  /** There was nothing to measure this time. @param why - a clause */
  miss(name: string, why: string): void {
    this.misses.set(name, why);
  }

  finish(): Group {
    const { spec } = this;
    const base = spec.baseline === null ? null : (this.samples.get(spec.baseline) ?? []);
    const contestants = this.contestants.map((one) => {
      const samples = this.samples.get(one.name) ?? [];
      const missed = samples.length === 0 ? (this.misses.get(one.name) ?? null) : null;
      return summarise(spec, { ...one, absent: one.absent ?? missed }, samples, base);
    });
    return { ...spec, contestants };
  }
}
