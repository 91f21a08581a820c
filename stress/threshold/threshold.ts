// SPDX-License-Identifier: GPL-2.0-only
/**
 * Thresholds: what a run must come to, as one line each.
 *
 *   METRIC OP VALUE       locks.completion_lock.wait.p99 < 50us
 *   OP                    <  <=  >  >=  ==  !=
 *   VALUE                 a number, then the unit that the metric has: ns us ms s, /s, %, or none
 *
 * A metric of which a run has no samples is not met: silence is no good figure.
 */
import { either, nearest, UsageError } from '../cli/usage_error.ts';
import type { RunResult, ThresholdResult } from '../result/run_result.ts';
import { type Kind, METRICS, type Metric, NAMES, percentOf } from './metrics.ts';

const COMPARE = {
  '<': (a: number, b: number) => a < b,
  '<=': (a: number, b: number) => a <= b,
  '>': (a: number, b: number) => a > b,
  '>=': (a: number, b: number) => a >= b,
  '==': (a: number, b: number) => a === b,
  '!=': (a: number, b: number) => a !== b,
} as const;
type Op = keyof typeof COMPARE;
/** What is typed instead of a comparison. */
const SLIPS: Readonly<Record<string, Op>> = { '=': '==', '===': '==', '=<': '<=', '=>': '>=', '<>': '!=' };

const MULTIPLES = { '': 1, k: 1e3, M: 1e6 };
/** By kind: units in the kind's own, what is allowed after a number, and the text's unit; null for the typed one. */
const UNITS: Readonly<Record<Kind, { sizes: object; allowed: string; example: string; shown: string | null }>> = {
  time: {
    sizes: { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9 },
    allowed: 'a time needs ns, us, ms or s',
    example: '50us',
    shown: null,
  },
  rate: {
    sizes: { ...MULTIPLES, '/s': 1, 'k/s': 1e3, 'M/s': 1e6 },
    allowed: 'a rate is a number, k or M if it is large, and /s',
    example: '1e5/s',
    shown: '/s',
  },
  share: { sizes: { '%': 1 }, allowed: 'a share needs %', example: '5%', shown: ' %' },
  count: { sizes: MULTIPLES, allowed: 'a count is a number, k or M if it is large', example: '100k', shown: '' },
};

export interface Threshold {
  /** As typed. */
  readonly expression: string;
  readonly metric: Metric;
  /** What stands for the words in capitals of the metric's form. */
  readonly names: readonly string[];
  readonly op: Op;
  /** In the metric's own unit: ns, per second, percent or a count. */
  readonly limit: number;
  /** In the metric's own unit: one in the unit of the text. */
  readonly shownSize: number;
  readonly shownUnit: string;
}

/** @param complaint - a clause with what is wrong and what is allowed @param example - an expression that is right */
function wrong(complaint: string, example = 'locks.completion_lock.wait.p99 < 50us'): UsageError {
  const sentence = `--threshold takes METRIC OP VALUE, and ${complaint}; type for example --threshold '${example}'`;
  return new UsageError('bad-value', sentence.replace(/[^\x20-\x7e\u00a0-\u02af]/g, '?'));
}

const namesOf = (word: string): readonly string[] => NAMES[word] ?? [word];
const wordsOf = ({ form }: Metric): string[] => form.split('.');

/** The form of a metric with these words in it, the usual ones behind, and a value. */
const exampleOf = (metric: Metric, words: readonly string[]): string =>
  `${wordsOf(metric)
    .map((word, i) => words[i] ?? namesOf(word)[0])
    .join('.')} < ${UNITS[metric.kind].example}`;

/** A wrong word: where names have dots, it ends before what may follow; the last one has all that is left. */
function wrongWord(rest: string, names: readonly string[], isLast: boolean): string {
  if (isLast) return rest;
  return rest.replace(names.some((name) => name.includes('.')) ? /(\.(wait|hold)\..*|\.[^.]*)$/ : /\..*/, '');
}

/** @throws UsageError that says which word names nothing */
function metricOf(text: string): Pick<Threshold, 'metric' | 'names'> {
  const words: string[] = [];
  let forms = METRICS;
  for (let rest: string | null = text; rest !== null; ) {
    const i = words.length;
    const at = (metric: Metric): string => wordsOf(metric)[i] ?? '';
    const left: string = rest;
    const names = [...new Set(forms.flatMap((metric) => namesOf(at(metric))))];
    const isStat = percentOf(left) !== null && at(forms[0] as Metric) === 'STAT';
    const name = isStat ? left : names.find((known) => left === known || left.startsWith(`${known}.`));
    const ends = (metric: Metric): boolean => wordsOf(metric).length === i + 1;
    if (name === undefined) {
      const word = wrongWord(left, names, forms.every(ends));
      const [like = ''] = word === '' ? names : nearest(word, names);
      const allowed = names.length <= 8 ? `${either(names)} is allowed` : `the nearest is ${like}`;
      const named = [...words, word].filter((one) => one !== '').join('.');
      const meant = forms.find((metric) => namesOf(at(metric)).includes(like)) as Metric;
      throw wrong(`'${named}' names no metric, ${allowed}`, exampleOf(meant, [...words, like]));
    }
    forms = forms.filter((metric) => isStat || namesOf(at(metric)).includes(name));
    words.push(name);
    rest = left.length > name.length ? left.slice(name.length + 1) : forms.some(ends) ? null : '';
    const [metric] = forms as [Metric];
    if (rest !== null && ends(metric)) {
      throw wrong(`'.${rest}' is more than that metric has, leave it out`, exampleOf(metric, words));
    }
  }
  const [metric] = forms as [Metric];
  return { metric, names: words.filter((_, i) => NAMES[wordsOf(metric)[i] ?? ''] !== undefined) };
}

const FORM = /^([^\s<>=!]+)\s*([<>=!]+|[^\s\d]+)?\s*((?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)?\s*(.*)$/is;
const isOp = (op: string): op is Op => Object.hasOwn(COMPARE, op);

/** @throws UsageError */
export function parseThreshold(expression: string): Threshold {
  const text = expression.trim();
  const [, name, op = '', number, unit = ''] = FORM.exec(text) ?? [];
  if (name === undefined) throw wrong(text === '' ? 'this one is empty' : `'${text}' begins with no metric`);
  const found = metricOf(name);
  const { sizes, allowed, example, shown } = UNITS[found.metric.kind];
  if (!isOp(op)) {
    const what = op === '' ? 'no comparison follows the metric' : `'${op}' is no comparison`;
    throw wrong(`${what}, ${either(Object.keys(COMPARE))} is allowed`, `${name} ${SLIPS[op] ?? '<'} ${example}`);
  }
  const refuse = (what: string): UsageError => wrong(what, `${name} ${op} ${example}`);
  if (number === undefined) {
    throw refuse(unit === '' ? 'no number follows the comparison' : `'${unit}' is no number of 0 or more`);
  }
  if (!Number.isFinite(Number(number))) throw refuse(`'${number}' is too large a number`);
  const size = new Map<string, number>(Object.entries(sizes)).get(unit);
  if (size === undefined) {
    throw refuse(`${unit === '' ? 'the number has no unit' : `'${unit}' does not fit this metric`}, ${allowed}`);
  }
  const shownAs = shown === null ? { size, unit: ` ${unit.replace('µ', 'u')}` } : { size: 1, unit: shown };
  return { expression, ...found, op, limit: Number(number) * size, shownSize: shownAs.size, shownUnit: shownAs.unit };
}

/** With four digits, or with as many as it takes to see on which side of the limit it is. */
function shown(value: number, met: (value: number) => boolean): string {
  const digits = [4, 6, 9, 12].find((n) => met(Number(value.toPrecision(n))) === met(value)) ?? 15;
  const whole = Math.abs(value) >= 1000 && digits === 4 ? Math.round(value) : Number(value.toPrecision(digits));
  return whole.toLocaleString('en-US', { maximumFractionDigits: 15 });
}

/** What each threshold came to. */
export const judge = (thresholds: readonly Threshold[], result: RunResult): ThresholdResult[] =>
  thresholds.map(({ expression, metric, names, op, limit, shownSize, shownUnit }) => {
    const measured = metric.read(result, names);
    if ('missing' in measured)
      return { expression, value: null, text: `not measured: ${measured.missing}`, met: false };
    const value = measured.value / shownSize;
    const text = shown(value, (rounded) => COMPARE[op](rounded, limit / shownSize));
    return { expression, value, text: `${text}${shownUnit}`, met: COMPARE[op](measured.value, limit) };
  });
