// SPDX-License-Identifier: GPL-2.0-only
/**
 * Two runs side by side, figure by figure, and which of them moved by more than the runs' own noise.
 *
 * fit.ts says what a figure is in a run, noise.ts when a ratio exceeds the noise, adjust.ts what becomes of that when
 * many figures are asked, verdict.ts what is said of each.
 */
import { buildText } from '../result/labels.ts';
import type { Run } from '../result/run_result.ts';
import { areTwins, CompareError, checkComparable, differing, type ParameterPair } from './comparable.ts';
import { ALPHA, BLOCKS, MIN_EFFECT } from './criteria.ts';
import { BETWEEN_ROUNDS, type CaseRound, figurePairs } from './figures.ts';
import { benjaminiHochberg } from './statistics/adjust.ts';
import { compared, type FigureComparison, judge } from './verdict.ts';

/** Of the form of `diff --json`. */
const COMPARISON_VERSION = 1;

export interface Comparison {
  readonly comparisonVersion: number;
  /** What the runs are called. */
  readonly names: { readonly a: string; readonly b: string };
  readonly differing: readonly ParameterPair[];
  /** Cases that both runs have. */
  readonly cases: readonly string[];
  readonly onlyA: readonly string[];
  readonly onlyB: readonly string[];
  readonly rounds: { readonly a: number; readonly b: number };
  /** Whether each round is compared with its twin in the other run. */
  readonly twins: boolean;
  readonly minEffect: number;
  readonly alpha: number;
  readonly figures: readonly FigureComparison[];
  /** Names of the figures that moved, biggest ratio first. */
  readonly moved: readonly string[];
  /** The last line of the report. */
  readonly conclusion: string;
}

export interface CompareOptions {
  readonly minEffect?: number;
  readonly names?: { readonly a: string; readonly b: string };
}

/** The rounds that went to their end, by name of their case. */
function roundsOf({ result, rounds }: Run): CaseRound[] {
  const counts = new Map<string, number>();
  return rounds.flatMap((round, i) => {
    const scenario = result.scenarios[round.scenario];
    if (scenario === undefined) return [];
    const name = `${scenario.name} (${buildText(scenario)})`;
    const nth = (counts.get(name) ?? 0) + 1;
    counts.set(name, nth);
    if (!round.whole) return [];
    const next = rounds[i + 1];
    const gapMs = next === undefined ? null : next.startedMs - round.startedMs - round.ranMs;
    return [{ case: name, nth, patched: scenario.build.reverted.length === 0, gapMs, round }];
  });
}

const namesOf = (rounds: readonly CaseRound[]): string[] => [...new Set(rounds.map((round) => round.case))];

/** `1.8x`, `120x` */
export const times = (ratio: number): string => `${ratio >= 100 ? Math.round(ratio) : Number(ratio.toPrecision(3))}x`;

function conclusionOf(figures: readonly FigureComparison[], moved: readonly FigureComparison[]): string {
  const [most] = [...figures].sort((x, y) => Math.min(y.rounds.a, y.rounds.b) - Math.min(x.rounds.a, x.rounds.b));
  if (most !== undefined && figures.every(({ verdict }) => verdict === 'too few rounds')) {
    return `too few rounds to say: ${most.rounds.a} and ${most.rounds.b}, at least ${BLOCKS} are needed in each run`;
  }
  if (moved.length === 0) return 'no difference';
  const list = moved.map(({ name, ratio, verdict }) => `${name} ${times(ratio ?? 1)} (${verdict})`);
  return `${moved.length} ${moved.length === 1 ? 'figure' : 'figures'} moved: ${list.join(', ')}`;
}

/** @throws CompareError if the runs cannot be compared */
export function compareRuns(a: Run, b: Run, options: CompareOptions = {}): Comparison {
  const { minEffect = MIN_EFFECT, names = { a: 'A', b: 'B' } } = options;
  checkComparable(a, b);
  const twins = areTwins(a.result, b.result);
  const [allA, allB] = [roundsOf(a), roundsOf(b)];
  const [casesA, casesB] = [namesOf(allA), namesOf(allB)];
  const cases = casesA.filter((name) => casesB.includes(name));
  if (cases.length === 0) {
    throw new CompareError(
      'the runs cannot be compared, no scenario and build has a whole round in both; ' +
        'run B again with the --scenario and --build of A, or longer',
    );
  }
  const common = (rounds: readonly CaseRound[]): CaseRound[] => rounds.filter((round) => cases.includes(round.case));
  const [roundsA, roundsB] = [common(allA), common(allB)];
  const judged = figurePairs(roundsA, roundsB).map((pair) => judge(pair, twins, Math.log1p(minEffect)));
  const own = judged.find(({ figure }) => figure.name === BETWEEN_ROUNDS);
  const machine = own?.noise == null ? 0 : (own.fit?.logRatio ?? 0);
  const tested = judged.filter((one) => one.noise !== null && one !== own);
  const adjusted = benjaminiHochberg(tested.map(({ noise }) => noise?.p ?? 1));
  const figures = judged.map((one) =>
    compared(one, one === own ? (own.noise?.p ?? 1) : (adjusted[tested.indexOf(one)] ?? 1), machine),
  );
  const size = ({ ratio }: FigureComparison): number => Math.abs(Math.log(ratio ?? 1));
  const moved = figures
    .filter(
      ({ name, verdict }) => name !== BETWEEN_ROUNDS && verdict !== 'no difference' && verdict !== 'too few rounds',
    )
    .sort((x, y) => size(y) - size(x));
  return {
    comparisonVersion: COMPARISON_VERSION,
    names,
    differing: differing(a.result, b.result),
    cases,
    onlyA: casesA.filter((name) => !cases.includes(name)),
    onlyB: casesB.filter((name) => !cases.includes(name)),
    rounds: { a: roundsA.length, b: roundsB.length },
    twins,
    minEffect,
    alpha: ALPHA,
    figures,
    moved: moved.map(({ name }) => name),
    conclusion: conclusionOf(figures, moved),
  };
}
