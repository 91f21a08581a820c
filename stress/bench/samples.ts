// SPDX-License-Identifier: GPL-2.0-only
/** What a benchmark gives: one number a round, here and in C, and what is made of them. */

/** ns per operation, one number for each round that counts. */
export interface Samples {
  readonly name: string;
  readonly threads: number;
  /** What is counted: `lock+unlock`, `event`. */
  readonly operation: string;
  readonly here: number[];
  /** Empty where there is no C to compare with. */
  readonly c: number[];
}

export interface Summary {
  readonly name: string;
  readonly threads: number;
  readonly operation: string;
  /** medians, ns per operation */
  readonly ns: number;
  readonly nsC: number | null;
  /** half the distance between the quartiles, in percent of the median */
  readonly spreadPercent: number;
  /** median over the rounds of C's time by ours: 1 is as fast as C */
  readonly ratioToC: number | null;
}

/** The value below which a share `q` of the numbers lies. */
function quantile(numbers: readonly number[], q: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const at = q * (sorted.length - 1);
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}
export const median = (numbers: readonly number[]): number => quantile(numbers, 0.5);
/** Half the distance between the quartiles, in percent of the median. */
export const spreadPercent = (numbers: readonly number[]): number =>
  (50 * (quantile(numbers, 0.75) - quantile(numbers, 0.25))) / median(numbers);

export function summarise({ name, threads, operation, here, c }: Samples): Summary {
  const ns = median(here);
  const paired = c.length === here.length && c.length > 0;
  return {
    name,
    threads,
    operation,
    ns,
    nsC: paired ? median(c) : null,
    spreadPercent: spreadPercent(here),
    ratioToC: paired ? median(c.map((nsC, round) => nsC / (here[round] as number))) : null,
  };
}
