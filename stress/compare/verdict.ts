// SPDX-License-Identifier: GPL-2.0-only
/**
 * What is to be said of one figure: whether it moved, in which direction, and what speaks against it.
 *
 * A figure of too few rounds is shown and never judged. A machine that others use may be slower for the whole of one
 * run. The time between rounds, which is no load, shows that: a figure moved only if its log ratio is more than three
 * times as large. (Contention makes a slow machine slower: figures were seen to move by twice what that time did.)
 */
import { ALPHA, BLOCKS } from './criteria.ts';
import { BETWEEN_ROUNDS, type Figure, type FigurePair, type FigureUnit, type Group } from './figures.ts';
import { type Fit, fitCases, fitTwins } from './statistics/fit.ts';
import { type Noise, noiseOf } from './statistics/noise.ts';

export type FigureVerdict = 'no difference' | 'faster' | 'slower' | 'more' | 'less' | 'too few rounds';

/** Why a difference that is beyond the noise does not count. */
const DOUBTS = {
  drift: 'the halves of a run differ by half as much, or more',
  machine: 'the time between rounds moved by a third as much, or more',
} as const;
export type Doubt = keyof typeof DOUBTS;

export interface FigureComparison {
  readonly name: string;
  readonly group: Group;
  readonly unit: FigureUnit;
  /** Geometric means over the rounds, the cases weighted alike in both runs; null if nothing was measured. */
  readonly a: number | null;
  readonly b: number | null;
  /** b / a */
  readonly ratio: number | null;
  /** The interval that holds the ratio with confidence 1 - alpha; null if there are too few rounds. */
  readonly low: number | null;
  readonly high: number | null;
  /** Chance of such a ratio by noise alone, adjusted for the number of figures; the machine's own is not. */
  readonly p: number | null;
  /** Rounds that have the figure. */
  readonly rounds: { readonly a: number; readonly b: number };
  readonly cases: number;
  readonly verdict: FigureVerdict;
  readonly doubt: Doubt | null;
  /** Why there is no verdict, or why it is no other one, a clause. */
  readonly note: string | null;
}

function verdictOf({ group, unit }: Figure, { logRatio }: Fit, moved: boolean): FigureVerdict {
  if (!moved) return 'no difference';
  if (unit === '%') return logRatio > 0 ? 'more' : 'less';
  return logRatio > 0 === (group === 'throughput') ? 'faster' : 'slower';
}

/** A figure before the others are known, with the test that is to be adjusted for them. */
export interface Judged {
  readonly figure: Figure;
  readonly fit: Fit | null;
  readonly rounds: { readonly a: number; readonly b: number };
  readonly noise: Noise | null;
}

export function judge([a, b]: FigurePair, twins: boolean, smallest: number): Judged {
  const found = (twins ? fitTwins : fitCases)(a.samples, b.samples);
  const rounds = found?.rounds ?? { a: a.samples.length, b: b.samples.length };
  const enough = found !== null && Math.min(rounds.a, rounds.b) >= BLOCKS;
  return { figure: a, fit: found, rounds, noise: enough ? noiseOf(found, smallest) : null };
}

function tooFew({ figure: { needs }, rounds }: Judged): string {
  const what = needs === null ? '' : ` with at least ${needs}`;
  return `too few rounds: ${rounds.a} and ${rounds.b}${what}, at least ${BLOCKS} are needed in each run`;
}

/** By so many times more, as a log ratio, than the machine itself moved. */
const MACHINE_FACTOR = 3;

/** @param machine - by what the machine itself moved, a log ratio */
function doubtOf({ figure, fit, noise }: Judged, machine: number): Doubt | null {
  if (figure.name === BETWEEN_ROUNDS || fit === null || noise === null) return null;
  if (noise.drift) return 'drift';
  return Math.abs(fit.logRatio) > MACHINE_FACTOR * Math.abs(machine) ? null : 'machine';
}

/** @param p - adjusted @param machine - by what the machine itself moved, a log ratio */
export function compared(judged: Judged, p: number, machine: number): FigureComparison {
  const { figure, fit: found, rounds, noise } = judged;
  const { name, group, unit } = figure;
  const about = { name, group, unit, rounds, cases: found?.cases ?? 0 };
  const figures = { a: found?.a ?? null, b: found?.b ?? null, ratio: found === null ? null : Math.exp(found.logRatio) };
  if (found === null || noise === null) {
    const none = { low: null, high: null, p: null, doubt: null };
    return { ...about, ...figures, ...none, verdict: 'too few rounds', note: tooFew(judged) };
  }
  const doubt = p < ALPHA ? doubtOf(judged, machine) : null;
  return {
    ...about,
    ...figures,
    low: Math.exp(noise.low),
    high: Math.exp(noise.high),
    p,
    verdict: verdictOf(figure, found, p < ALPHA && doubt === null),
    doubt,
    note: doubt === null ? null : DOUBTS[doubt],
  };
}
