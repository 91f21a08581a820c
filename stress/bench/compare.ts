// SPDX-License-Identifier: GPL-2.0-only
/**
 * Two benchmarks side by side: what moved by more than noise.
 *
 * Compared are ratios to the baseline of the same round, never times: those of another hour, or another machine, say
 * nothing. The statistics are those of `report diff` (stress/compare): Welch's t-test on the means of blocks of
 * consecutive rounds, adjusted for the number of figures, and no difference that is not twice that of a run's halves.
 *
 * Two runs differ by more than their rounds do, since V8 compiles anew what each run's threads do. So the smallest
 * difference of interest is greater than there. Bytes have no noise: any difference counts.
 */
import { readFileSync } from 'node:fs';
import { reasonOf } from '../cli/folder.ts';
import { UsageError } from '../cli/usage_error.ts';
import { times } from '../compare/compare.ts';
import { ALPHA, BLOCKS } from '../compare/criteria.ts';
import type { Figure } from '../compare/figures.ts';
import { benjaminiHochberg } from '../compare/statistics/adjust.ts';
import { compared, type FigureComparison, type Judged, judge } from '../compare/verdict.ts';
import {
  BENCH_SCHEMA_VERSION,
  type Bench,
  type BenchComparison,
  type Contestant,
  contestantOf,
  type Group,
  groupOf,
} from './bench_result.ts';
import { counting, ratiosOf } from './samples.ts';

/** Smallest difference of interest, as a share. */
export const BENCH_MIN_EFFECT = 0.1;

const refused = (file: string, why: string): UsageError =>
  new UsageError(
    'bad-value',
    `--compare '${file}' cannot be compared with, ${why}; it takes the bench.json of an earlier run, ` +
      'type for example --compare reports/bench-20261121T150000Z/bench.json',
  );

const whyUnreadable = (error: unknown): string => (error instanceof SyntaxError ? 'it is no JSON' : reasonOf(error));

/** @throws UsageError */
export function readBench(file: string): Bench {
  let found: Partial<Bench>;
  try {
    found = JSON.parse(readFileSync(file, 'utf8')) as Partial<Bench>;
  } catch (error) {
    throw refused(file, whyUnreadable(error));
  }
  if (!Array.isArray(found?.groups) || typeof found.schemaVersion !== 'number')
    throw refused(file, 'it is no bench.json');
  if (found.schemaVersion !== BENCH_SCHEMA_VERSION) {
    throw refused(file, `it has schema ${found.schemaVersion} and this is schema ${BENCH_SCHEMA_VERSION}`);
  }
  return found as Bench;
}

/** `port: by 32: the port`; the table's name says more than the part's. */
const nameOf = ({ table, column }: Group, { name }: Contestant): string => `${table}, ${column}: ${name}`;

/** A contestant's ratios as a figure, in order of time. */
function figureOf(group: Group, one: Contestant): Figure {
  const base = contestantOf(group, group.baseline ?? '')?.samples ?? [];
  const all = ratiosOf(group, one.samples, base);
  const { counted, doubt } = counting(all, ({ noisy }) => noisy);
  // rather noisy rounds than too few
  const used = doubt || counted.length < BLOCKS ? all : counted;
  const speed = group.relation === 'speed';
  return {
    name: nameOf(group, one),
    group: speed ? 'throughput' : 'latency',
    unit: speed ? '/s' : 'ns',
    samples: used.map(({ round, value }) => ({ case: 'ratio', nth: round, value })),
    needs: null,
  };
}

/** A contestant of ours that both have. */
type Pair = readonly [groupA: Group, a: Contestant, groupB: Group, b: Contestant];

const pairsOf = (a: Bench, b: Bench): Pair[] =>
  b.groups.flatMap((groupB) => {
    const groupA = groupOf(a.groups, groupB.table, groupB.column);
    if (groupA === undefined) return [];
    return groupB.contestants.flatMap((inB): Pair[] => {
      const inA = contestantOf(groupA, inB.name);
      return inA === undefined || !inB.ours || inB.name === groupB.baseline ? [] : [[groupA, inA, groupB, inB]];
    });
  });

function bytesOf(pairs: readonly Pair[]): BenchComparison['bytes'] {
  return pairs.flatMap(([, a, group, b]) =>
    group.unit === 'bytes' && a.value !== null && b.value !== null
      ? [{ name: nameOf(group, b), a: a.value, b: b.value }]
      : [],
  );
}

const LISTED: readonly (readonly [name: string, of: (bench: Bench) => string])[] = [
  ['processor', ({ environment }) => environment.cpuModel],
  ['cores', ({ environment }) => String(environment.cores)],
  ['platform', ({ environment }) => environment.platform],
  ['node', ({ environment }) => environment.node],
  ['commit', ({ environment }) => environment.commit],
  ['window', ({ windowMs }) => `${windowMs} ms`],
  ['rounds', ({ rounds }) => String(rounds)],
];

function conclusionOf(
  figures: readonly FigureComparison[],
  bytes: BenchComparison['bytes'],
  moved: readonly string[],
): string {
  if (moved.length > 0) {
    const texts = moved.map((name) => {
      const one = figures.find((figure) => figure.name === name);
      return one === undefined ? name : `${name} ${times(one.ratio ?? 1)} (${one.verdict})`;
    });
    return `${moved.length} ${moved.length === 1 ? 'figure' : 'figures'} moved: ${texts.join('; ')}`;
  }
  if (figures.length === 0 && bytes.length > 0) return 'no difference';
  if (figures.length === 0) return 'nothing can be said: no figure is in both';
  if (figures.every(({ verdict }) => verdict === 'too few rounds')) {
    return `nothing can be said: at least ${BLOCKS} rounds of the same figure are needed in both`;
  }
  return 'no difference';
}

/** @param a - the earlier one */
export function compareBenches(a: Bench, b: Bench): BenchComparison {
  const pairs = pairsOf(a, b);
  const judged: Judged[] = pairs
    .filter(([groupA, , groupB]) => groupB.relation !== 'none' && groupA.relation === groupB.relation)
    .map(([groupA, inA, groupB, inB]) =>
      judge([figureOf(groupA, inA), figureOf(groupB, inB)], false, Math.log1p(BENCH_MIN_EFFECT)),
    );
  const tested = judged.filter(({ noise }) => noise !== null);
  const adjusted = benjaminiHochberg(tested.map(({ noise }) => noise?.p ?? 1));
  const figures = judged.map((one) => compared(one, adjusted[tested.indexOf(one)] ?? 1, 0));
  const bytes = bytesOf(pairs);
  const size = ({ ratio }: FigureComparison): number => Math.abs(Math.log(ratio ?? 1));
  const moved = [
    ...figures
      .filter(({ verdict }) => verdict !== 'no difference' && verdict !== 'too few rounds')
      .sort((x, y) => size(y) - size(x))
      .map(({ name }) => name),
    ...bytes.filter((one) => one.a !== one.b).map(({ name }) => name),
  ];
  return {
    startedAt: a.startedAt,
    minEffect: BENCH_MIN_EFFECT,
    alpha: ALPHA,
    differing: LISTED.map(([name, of]) => ({ name, a: of(a), b: of(b) })).filter((one) => one.a !== one.b),
    figures,
    bytes,
    moved,
    conclusion: conclusionOf(figures, bytes, moved),
  };
}
