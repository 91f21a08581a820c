// SPDX-License-Identifier: GPL-2.0-only
/** What every form of a comparison says: its columns, its sections and how it was judged. */
import { count, plural, short, us } from '../text/layout.ts';
import type { Align, Column } from '../text/table.ts';
import { type Comparison, times } from './compare.ts';
import { BLOCKS } from './criteria.ts';
import type { FigureUnit, Group } from './figures.ts';
import type { Doubt, FigureComparison } from './verdict.ts';

const MISSING = '-';

const UNIT_TEXT: Readonly<Record<FigureUnit, (value: number) => string>> = {
  ns: (ns) => `${us(ns)} us`,
  '/s': (n) => `${short(n)}/s`,
  '%': (percent) => `${percent < 0.1 ? percent.toFixed(4) : percent.toFixed(2)} %`,
};

const ratioText = (ratio: number | null): string => (ratio === null ? MISSING : times(ratio));

const valueText = ({ unit }: FigureComparison, value: number | null): string =>
  value === null ? MISSING : UNIT_TEXT[unit](value);

const intervalText = ({ low, high }: FigureComparison): string =>
  low === null || high === null ? MISSING : `${ratioText(low)} to ${ratioText(high)}`;

const pText = (p: number | null): string => {
  if (p === null) return MISSING;
  return p < 0.0001 ? '<0.0001' : p.toFixed(4);
};

/** A verdict, and in a word why a difference does not count. */
const verdictText = ({ verdict, doubt }: FigureComparison): string =>
  doubt === null ? verdict : `${verdict} (${doubt})`;

const confidence = ({ alpha }: Comparison): string => `${Number((100 * (1 - alpha)).toFixed(2))} %`;

export const columns = (comparison: Comparison): readonly Column<FigureComparison>[] => [
  { head: 'figure', cell: ({ name }) => name, spare: 0 },
  { head: 'A', cell: (figure) => valueText(figure, figure.a), spare: 0 },
  { head: 'B', cell: (figure) => valueText(figure, figure.b), spare: 0 },
  { head: 'B/A', cell: ({ ratio }) => ratioText(ratio), spare: 0 },
  { head: `${confidence(comparison)} interval`, cell: intervalText, spare: 1 },
  { head: 'p', cell: ({ p }) => pText(p), spare: 2 },
  { head: 'rounds', cell: ({ rounds }) => `${count(rounds.a)}, ${count(rounds.b)}`, spare: 3 },
  { head: 'verdict', cell: verdictText, spare: 0 },
];

export const alignOf = (head: string): Align => (head === 'figure' || head === 'verdict' ? 'left' : 'right');

const TITLES: Readonly<Record<Group, string>> = {
  machine: 'The machine',
  throughput: 'Throughput',
  locks: 'Locks',
  latency: 'System call latency',
};

export const sections = ({ figures }: Comparison): { title: string; rows: FigureComparison[] }[] =>
  (Object.keys(TITLES) as Group[])
    .map((group) => ({ title: TITLES[group], rows: figures.filter((figure) => figure.group === group) }))
    .filter(({ rows }) => rows.length > 0);

/** What was compared, a sentence each. */
export function scopeSentences({ cases, onlyA, onlyB, rounds }: Comparison): string[] {
  const leftOut = (name: string, list: readonly string[]): string[] =>
    list.length === 0 ? [] : [`Only ${name} has whole rounds of ${list.join(', ')}: left out.`];
  return [
    `${plural(cases.length, 'case')} in both runs, ${plural(rounds.a, 'round')} in A and ${count(rounds.b)} in B.`,
    ...leftOut('A', onlyA),
    ...leftOut('B', onlyB),
  ];
}

/** How it was judged. */
export function methodSentences(comparison: Comparison): string[] {
  const { minEffect, alpha, figures, twins } = comparison;
  const doubted = (why: Doubt): number => figures.filter(({ doubt }) => doubt === why).length;
  const [drifted, machine] = [doubted('drift'), doubted('machine')];
  const few = figures.filter(({ verdict }) => verdict === 'too few rounds').length;
  return [
    twins
      ? 'Both runs have the same seed: the n-th round of a case is compared with its twin of the same workload.'
      : 'Rounds are compared with rounds of the same case.',
    'Figures are geometric means over the rounds. ' +
      `Test: ${twins ? "Student's" : "Welch's"} t on the means of ${BLOCKS} ` +
      `blocks of consecutive rounds, against a difference of ${Number((100 * minEffect).toFixed(2))} %. ` +
      `A figure moved if p, by Benjamini-Hochberg over all figures, is below ${alpha}, ` +
      'and the runs differ by more than twice what the halves of one do, ' +
      'and three times what the time between rounds does.',
    ...(drifted === 0
      ? []
      : [`Drift: ${plural(drifted, 'figure')} changed within a run by half as much as between the runs, or more.`]),
    ...(machine === 0
      ? []
      : [`Machine: ${plural(machine, 'figure')} moved, and so did the time between rounds, which is no load.`]),
    ...(few === 0
      ? []
      : [`Too few rounds: ${plural(few, 'figure')} with fewer than ${BLOCKS} rounds that have enough samples.`]),
  ];
}
