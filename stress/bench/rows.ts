// SPDX-License-Identifier: GPL-2.0-only
/** What every form of a benchmark says: its tables, as cells of text, and its sentences. */
import { BLOCKS } from '../compare/criteria.ts';
import type { FigureComparison } from '../compare/verdict.ts';
import { count, plural, short } from '../text/layout.ts';
import type { Align } from '../text/table.ts';
import {
  type Bench,
  type BenchComparison,
  type Contestant,
  contestantOf,
  type Group,
  PARTS,
  type PartName,
  type TargetRow,
  type Unit,
} from './bench_result.ts';
import { statusText } from './targets.ts';

const MISSING = '-';

export const PART_TITLES: Readonly<Record<PartName, string>> = {
  locks: 'Locks',
  fairness: 'Fairness of locks',
  port: 'The port',
  instruments: 'What instruments cost',
  scaling: 'Scaling of the stress test',
  latency: 'Latency against CPUs',
  startup: 'Starting threads',
  memory: 'Memory',
  schedules: 'Deterministic engine',
};

/** Three digits: `4.43`, `69.5`, `1,234`. */
const figure = (n: number): string => (n >= 99.95 ? count(n) : n.toFixed(n >= 9.995 ? 1 : 2));

function nanoseconds(ns: number): string {
  if (ns >= 1e6) return `${figure(ns / 1e6)} ms`;
  return ns >= 1e4 ? `${figure(ns / 1e3)} us` : `${figure(ns)} ns`;
}

const UNIT_TEXT: Readonly<Record<Unit, (value: number) => string>> = {
  ns: nanoseconds,
  '/s': (n) => `${short(n)}/s`,
  share: (share) => share.toFixed(2),
  bytes: (bytes) => `${count(bytes)} B`,
};

export const ratioText = (ratio: number): string => `${ratio >= 100 ? count(ratio) : Number(ratio.toPrecision(3))}x`;
const spreadText = (percent: number | null): string => (percent === null ? '' : ` ±${percent.toFixed(0)}%`);

/** `69.5 ns 0.83x ±3%`; the baseline and what has none has its own spread. */
export function cellText(group: Group, one: Contestant | undefined): string {
  if (one === undefined || one.value === null) return MISSING;
  const value = UNIT_TEXT[group.unit](one.value);
  const mark = one.doubtful ? ' !' : '';
  if (one.ratio === null || one.name === group.baseline) return `${value}${spreadText(one.spreadPercent)}${mark}`;
  return `${value} ${ratioText(one.ratio)}${spreadText(one.ratioSpreadPercent)}${mark}`;
}

/** Groups that stand side by side, since they have the same contestants. */
export interface BenchTable {
  readonly part: PartName;
  readonly title: string;
  readonly groups: readonly Group[];
  /** Names of the contestants, a row each. */
  readonly names: readonly string[];
}

export function tablesOf(groups: readonly Group[]): BenchTable[] {
  const titles = [...new Set(groups.map(({ table }) => table))];
  return titles.map((title) => {
    const own = groups.filter(({ table }) => table === title);
    const names = [...new Set(own.flatMap(({ contestants }) => contestants.map(({ name }) => name)))];
    return { part: own[0]?.part ?? PARTS[0], title, groups: own, names };
  });
}

export const tableHead = ({ groups }: BenchTable): string[] => ['', ...groups.map(({ column }) => column)];
export const tableRows = ({ groups, names }: BenchTable): string[][] =>
  names.map((name) => [name, ...groups.map((group) => cellText(group, contestantOf(group, name)))]);
export const tableAlign = ({ groups }: BenchTable): Align[] => ['left', ...groups.map((): Align => 'right')];

/** What a table's ratios are, and what was not measured: a sentence each. */
export function tableNotes({ groups }: BenchTable): string[] {
  const [first] = groups;
  if (first === undefined) return [];
  const { baseline, relation, what, contestants } = first;
  const meaning =
    relation === 'speed'
      ? `, and how many times as fast as ${baseline}`
      : relation === 'cost'
        ? `, and how many times that of ${baseline}`
        : '';
  const absences = new Map(contestants.flatMap(({ name, absent }) => (absent === null ? [] : [[name, absent]])));
  const absent = [...absences].map(([name, why]) => `Not measured: ${name}, ${why}.`);
  const baselineAbsent = baseline !== null && absences.has(baseline) ? ['So there are no ratios.'] : [];
  return [`Medians of ${what}${meaning}.`, ...absent, ...baselineAbsent];
}

export const TARGET_HEAD = ['target', 'floor', 'target', 'moonshot', 'measured', ''] as const;
export const TARGET_ALIGN: readonly Align[] = ['left', 'right', 'right', 'right', 'right', 'left'];
export const targetCells = (row: TargetRow): string[] => [
  row.what,
  ratioText(row.floor),
  ratioText(row.target),
  ratioText(row.moonshot),
  row.ratio === null ? MISSING : `${ratioText(row.ratio)}${spreadText(row.spreadPercent)}${row.doubtful ? ' !' : ''}`,
  statusText(row),
];

/** The targets in a sentence. */
export function targetsSentence({ targets }: Bench): string {
  const measured = targets.filter(({ ratio }) => ratio !== null);
  const met = measured.filter(({ status }) => status === 'met' || status === 'moonshot');
  if (measured.length === 0) return 'No target was measured.';
  return `${met.length} of ${plural(measured.length, 'measured target')} met.`;
}

/** How it was measured, a sentence each. */
export function methodSentences({ foreign, rounds, windowMs, interrupted, failure, environment: e }: Bench): string[] {
  const load =
    foreign.median === null
      ? 'How busy others kept the CPUs is not known here: every window counts.'
      : `Others kept ${foreign.median.toFixed(2)} CPUs busy in the median window, ` +
        `${foreign.p90?.toFixed(2)} or more in one of ten; ` +
        `${count(foreign.noisyWindows)} of ${count(foreign.windows)} windows had more than ${foreign.limit}, ` +
        'and do not count where others are left; a ! marks figures for which too few were.';
  return [
    ...(interrupted ? ['It was interrupted: what is missing was not measured any more.'] : []),
    ...(failure === null ? [] : [`It broke: ${failure.split('\n', 1)[0]}. What is missing was not measured.`]),
    `${plural(rounds, 'round')} of windows of ${windowMs} ms, interleaved; fewer of what takes longer. ` +
      'Behind a median stands half the distance between the quartiles.',
    load,
    `${e.cpuModel}, ${plural(e.cores, 'core')}, ${e.platform}, node ${e.node}, ${e.tool} at ${e.commit}.`,
  ];
}

export const COMPARISON_HEAD = ['ratio', 'A', 'B', 'B/A', 'interval', 'p', 'rounds', 'verdict'] as const;
export const COMPARISON_ALIGN: readonly Align[] = [
  'left',
  'right',
  'right',
  'right',
  'right',
  'right',
  'right',
  'left',
];

const orMissing = (n: number | null): string => (n === null ? MISSING : ratioText(n));
const pText = (p: number | null): string => (p === null ? MISSING : p < 0.0001 ? '<0.0001' : p.toFixed(4));

export const comparisonCells = ({
  name,
  a,
  b,
  ratio,
  low,
  high,
  p,
  rounds,
  verdict,
  doubt,
}: FigureComparison): string[] => [
  name,
  orMissing(a),
  orMissing(b),
  orMissing(ratio),
  low === null || high === null ? MISSING : `${ratioText(low)} to ${ratioText(high)}`,
  pText(p),
  `${count(rounds.a)}, ${count(rounds.b)}`,
  doubt === null ? verdict : `${verdict} (${doubt})`,
];

/** Figures that have enough rounds to be judged. */
export const judgedFigures = ({ figures }: BenchComparison): readonly FigureComparison[] =>
  figures.filter(({ verdict }) => verdict !== 'too few rounds');

/** What was compared, and how, a sentence each. */
export function comparisonNotes(comparison: BenchComparison): string[] {
  const { differing, bytes, minEffect, alpha, figures } = comparison;
  const few = figures.length - judgedFigures(comparison).length;
  const bytesMoved = bytes.filter(({ a, b }) => a !== b);
  return [
    ...(differing.length === 0
      ? []
      : [`They differ in: ${differing.map(({ name, a, b }) => `${name} (${a}, now ${b})`).join(', ')}.`]),
    `A is of ${comparison.startedAt}. Compared are ratios to the baseline of the same round. ` +
      `Test: Welch's t on the means of ${BLOCKS} blocks of rounds, against a difference of ${100 * minEffect} %; ` +
      `a figure moved if p, by Benjamini-Hochberg over all of them, is below ${alpha}, ` +
      'and the runs differ by more than twice what the halves of one do.',
    ...(few === 0 ? [] : [`${plural(few, 'figure')} with fewer than ${BLOCKS} rounds in either run: not judged.`]),
    ...bytesMoved.map(({ name, a, b }) => `${name}: ${count(a)} B, now ${count(b)} B.`),
  ];
}
