// SPDX-License-Identifier: GPL-2.0-only
/** The figures that are compared, and each of them in every round that has enough samples for it. */
import type { Bins } from '../../src/arch/sab/histogram.ts';
import type { RoundLock, RoundSample } from '../result/run_result.ts';
import type { Sample } from './statistics/fit.ts';
import { meanOf, percentileOf, samplesOf } from './statistics/times.ts';

export type Group = 'machine' | 'throughput' | 'locks' | 'latency';
/** Times are compared in ns, shares in percent. */
export type FigureUnit = 'ns' | '/s' | '%';

export interface Figure {
  /** As a threshold names it, where it may: `locks.completion_lock.wait.p99`. */
  readonly name: string;
  readonly group: Group;
  readonly unit: FigureUnit;
  /** In order of time. */
  readonly samples: readonly Sample[];
  /** Least number of times that a round must have for this figure, and what is timed; null for a count. */
  readonly needs: string | null;
}

/** A round, and the name of its case. */
export interface CaseRound {
  readonly case: string;
  /** The round is the case's n-th. */
  readonly nth: number;
  readonly patched: boolean;
  /** From the round's end to the next one's start, user space's time only; null for the last one. */
  readonly gapMs: number | null;
  readonly round: RoundSample;
}

/** Times that a round must have for its mean or median, and for its p99. */
const SOME = 10;
const MANY = 100;
/** Contentions a round, on average, below which a rate says nothing. */
const CONTENTIONS_MIN = 5;

interface Reading {
  readonly name: string;
  readonly group: Group;
  readonly unit: FigureUnit;
  readonly needs: string | null;
  /** null where the round has too few samples */
  readonly value: (round: RoundSample) => number | null;
}

/** A bin's middle may be 0, whose logarithm is none. */
const atLeast = (least: number, samples: number, time: () => number): number | null =>
  samples < least ? null : Math.max(1, time());

function lockReadings(cls: string, rated: boolean): Reading[] {
  const reading = (
    name: string,
    needs: string | null,
    unit: FigureUnit,
    value: (lock: RoundLock) => number | null,
  ): Reading => ({
    name: `locks.${cls}.${name}`,
    group: 'locks',
    unit,
    needs,
    value: ({ locks }) => {
      const lock = locks.find((one) => one.class === cls);
      return lock === undefined ? null : value(lock);
    },
  });
  const contended = reading('contended', null, '%', ({ contentions, acquisitions }) =>
    // a half more, so that a round without any has a logarithm
    acquisitions < MANY ? null : (100 * (contentions + 0.5)) / (acquisitions + 1),
  );
  return [
    reading('wait.avg', `${SOME} waits`, 'ns', ({ contentions, waitTotal }) =>
      atLeast(SOME, contentions, () => waitTotal / contentions),
    ),
    reading('wait.p99', `${MANY} waits`, 'ns', ({ wait }) =>
      atLeast(MANY, samplesOf(wait), () => percentileOf(wait, 0.99)),
    ),
    reading('hold.avg', `${SOME} timed holds`, 'ns', ({ hold }) => atLeast(SOME, samplesOf(hold), () => meanOf(hold))),
    ...(rated ? [contended] : []),
  ];
}

function latencyReadings(call: string): Reading[] {
  const reading = (name: string, least: number, time: (bins: Bins) => number): Reading => ({
    name: `latency.${call}.${name}`,
    group: 'latency',
    unit: 'ns',
    needs: `${least} calls`,
    value: ({ latency }) => {
      const bins = latency[call] ?? [];
      return atLeast(least, samplesOf(bins), () => time(bins));
    },
  });
  return [
    reading('p50', SOME, (bins) => percentileOf(bins, 0.5)),
    reading('p99', MANY, (bins) => percentileOf(bins, 0.99)),
    reading('avg', SOME, meanOf),
  ];
}

const reaped = ({ operations }: RoundSample): number => operations['reaped'] ?? 0;

/** Events reaped in a second; a half more, so that a round without any has a logarithm. */
const throughput = (round: RoundSample): number | null =>
  round.ranMs === 0 ? null : ((reaped(round) + 0.5) * 1000) / round.ranMs;

function figureOf({ value, ...about }: Reading, rounds: readonly CaseRound[]): Figure {
  const samples = rounds.flatMap(({ case: name, nth, round }) => {
    const figure = value(round);
    return figure === null ? [] : [{ case: name, nth, value: figure }];
  });
  return { ...about, samples };
}

const unique = (names: readonly string[]): string[] => [...new Set(names)];

/** Whether a lock is contended often enough, in either run, for its rate to be compared. */
function isRated(cls: string, runs: readonly (readonly CaseRound[])[]): boolean {
  return runs.some((rounds) => {
    const counts = rounds.flatMap(({ round }) => round.locks.filter((lock) => lock.class === cls));
    return counts.reduce((sum, lock) => sum + lock.contentions, 0) >= CONTENTIONS_MIN * Math.max(1, counts.length);
  });
}

/** A figure of both runs; one of them may have no samples. */
export type FigurePair = readonly [a: Figure, b: Figure];

/** Throughput of all cases that reap events at all, then of each. */
function throughputPairs(a: readonly CaseRound[], b: readonly CaseRound[], patched: boolean): FigurePair[] {
  const reaping = new Set([...a, ...b].filter(({ round }) => reaped(round) > 0).map((round) => round.case));
  const pair = (name: string, pick: (round: CaseRound) => boolean): FigurePair => {
    const reading: Reading = { name, group: 'throughput', unit: '/s', needs: null, value: throughput };
    return [figureOf(reading, a.filter(pick)), figureOf(reading, b.filter(pick))];
  };
  const all = pair('throughput.events', (round) => reaping.has(round.case) && (!patched || round.patched));
  if (reaping.size < 2) return [all];
  return [all, ...[...reaping].map((name) => pair(`throughput.${name}`, (round) => round.case === name))];
}

/**
 * How fast the machine was: the time between rounds, in which a round is checked and torn down and the next one booted.
 * None of it is load.
 */
export const BETWEEN_ROUNDS = 'machine.between_rounds';

function betweenRounds(rounds: readonly CaseRound[]): Figure {
  const samples = rounds.flatMap(({ case: name, nth, gapMs }) =>
    gapMs === null ? [] : [{ case: name, nth, value: Math.max(1, gapMs * 1e6) }],
  );
  return { name: BETWEEN_ROUNDS, group: 'machine', unit: 'ns', needs: null, samples };
}

/** Everything that is compared, in the order in which it is shown. */
export function figurePairs(a: readonly CaseRound[], b: readonly CaseRound[]): FigurePair[] {
  const both = [...a, ...b];
  // as in a report: locks and latencies are those of the patched build, if it was run
  const patched = both.some((round) => round.patched);
  const measured = (rounds: readonly CaseRound[]): CaseRound[] => rounds.filter((r) => !patched || r.patched);
  const [measuredA, measuredB] = [measured(a), measured(b)];
  const all = [...measuredA, ...measuredB].map(({ round }) => round);
  const contentions = (cls: string): number =>
    all.reduce((sum, { locks }) => sum + (locks.find((lock) => lock.class === cls)?.contentions ?? 0), 0);
  const classes = unique(all.flatMap(({ locks }) => locks.map((lock) => lock.class)));
  const byContentions = classes
    .map((cls) => ({ cls, n: contentions(cls) }))
    .sort((x, y) => y.n - x.n || x.cls.localeCompare(y.cls))
    .map(({ cls }) => cls);
  const calls = unique(all.flatMap(({ latency }) => Object.keys(latency))).sort();
  const readings = [
    ...byContentions.flatMap((cls) => lockReadings(cls, isRated(cls, [measuredA, measuredB]))),
    ...calls.flatMap(latencyReadings),
  ];
  const pairs = readings.map((reading): FigurePair => [figureOf(reading, measuredA), figureOf(reading, measuredB)]);
  const machine: FigurePair = [betweenRounds(measuredA), betweenRounds(measuredB)];
  return [machine, ...throughputPairs(a, b, patched), ...pairs].filter(
    ([x, y]) => x.samples.length + y.samples.length > 0,
  );
}
