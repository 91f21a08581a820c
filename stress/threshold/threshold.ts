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

type Named = Pick<Threshold, 'metric' | 'names'>;

/** All names but those of unusual percentiles. */
const ALL: ReadonlyMap<string, Named> = new Map(
  METRICS.flatMap((metric) => {
    const words = metric.form.split('.');
    return words
      .reduce<string[][]>(
        (all, word) => all.flatMap((before) => (NAMES[word] ?? [word]).map((name) => [...before, name])),
        [[]],
      )
      .map((name): [string, Named] => [
        name.join('.'),
        { metric, names: name.filter((_, i) => NAMES[words[i] ?? ''] !== undefined) },
      ]);
  }),
);

/** @throws UsageError */
function metricOf(name: string): Named {
  const known = ALL.get(name);
  if (known !== undefined) return known;
  const [, before = '', stat = ''] = /^(.*\.)(p\d+(?:\.\d+)?)$/.exec(name) ?? [];
  const usual = ALL.get(`${before}p99`);
  if (percentOf(stat) !== null && usual?.metric.form.endsWith('STAT') === true) {
    return { metric: usual.metric, names: [...usual.names.slice(0, -1), stat] };
  }
  const like = nearest(name, [...ALL.keys()]);
  const example = `${like[0]} < ${UNITS[metricOf(like[0] as string).metric.kind].example}`;
  throw wrong(`'${name}' names no metric, the nearest are ${like.join(', ')}`, example);
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
