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
import { either } from '../cli/usage_error.ts';
import type { RunResult, ThresholdResult } from '../result/run_result.ts';
import { type Metric, parseMetric } from './metric.ts';
import { type Part, wrongAt } from './place.ts';
import { type Kind, UNITS_ALLOWED, type Unit, unitOf, VALUE_EXAMPLE } from './unit.ts';

const COMPARE = {
  '<': (a: number, b: number) => a < b,
  '<=': (a: number, b: number) => a <= b,
  '>': (a: number, b: number) => a > b,
  '>=': (a: number, b: number) => a >= b,
  '==': (a: number, b: number) => a === b,
  '!=': (a: number, b: number) => a !== b,
} as const;
export type Op = keyof typeof COMPARE;
const OPS = Object.keys(COMPARE) as Op[];

export interface Threshold {
  /** As typed. */
  readonly expression: string;
  readonly metric: Metric;
  readonly op: Op;
  /** In the metric's own unit: ns, per second, percent or a count. */
  readonly limit: number;
  readonly unit: Unit;
}

/** What the pattern finds at a place of the text, and where the next word begins. */
function take(text: string, at: number, pattern: RegExp): { readonly part: Part; readonly next: number } {
  const found = pattern.exec(text.slice(at))?.[0] ?? '';
  const end = at + found.length;
  return { part: { at, text: found }, next: end + (/^\s*/.exec(text.slice(end))?.[0].length ?? 0) };
}

/** What is typed instead of a comparison. */
const SLIPS: Readonly<Record<string, Op>> = { '=': '==', '===': '==', '=<': '<=', '=>': '>=', '<>': '!=' };

function checkedOp(expression: string, part: Part, metric: Part, kind: Kind): Op {
  const found = OPS.find((op) => op === part.text);
  if (found !== undefined) return found;
  const what = part.text === '' ? 'no comparison follows the metric' : `'${part.text}' is no comparison`;
  const example = `${metric.text} ${SLIPS[part.text] ?? '<'} ${VALUE_EXAMPLE[kind]}`;
  throw wrongAt(expression, part, `${what}, ${either(OPS)} is allowed`, example);
}

/** @throws UsageError whose second and third line mark the place */
export function parseThreshold(text: string): Threshold {
  const start = /^\s*/.exec(text)?.[0].length ?? 0;
  const name = take(text, start, /^[^\s<>=!]+/);
  if (name.part.text === '') throw wrongAt(text, { at: start, text: text.slice(start).trimEnd() }, noMetric(text));
  const metric = parseMetric(text, name.part);
  const op = take(text, name.next, /^([<>=!]+|[^\s\d]+)/);
  const checked = checkedOp(text, op.part, name.part, metric.kind);
  const { limit, unit } = parseValue(text, op.next, metric, `${name.part.text} ${checked}`);
  return { expression: text, metric, op: checked, limit, unit };
}

const noMetric = (text: string): string =>
  text.trim() === '' ? 'this one is empty' : 'this one begins with no metric';

function parseValue(text: string, from: number, { kind }: Metric, before: string): { limit: number; unit: Unit } {
  const example = `${before} ${VALUE_EXAMPLE[kind]}`;
  const number = take(text, from, /^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?/i);
  if (number.part.text === '') {
    const word = take(text, from, /^\S+/).part;
    const what = word.text === '' ? 'no number follows the comparison' : `'${word.text}' is no number of 0 or more`;
    throw wrongAt(text, word, what, example);
  }
  if (!Number.isFinite(Number(number.part.text))) {
    throw wrongAt(text, number.part, `'${number.part.text}' is too large a number`, example);
  }
  const suffix = take(text, number.next, /^\S+/);
  const unit = unitOf(kind, suffix.part.text);
  if (unit === null) {
    const what = suffix.part.text === '' ? 'the number has no unit' : `'${suffix.part.text}' does not fit this metric`;
    const part = suffix.part.text === '' ? number.part : suffix.part;
    throw wrongAt(text, part, `${what}, ${UNITS_ALLOWED[kind]}`, example);
  }
  const more = text.slice(suffix.next).trimEnd();
  if (more !== '')
    throw wrongAt(text, { at: suffix.next, text: more }, `'${more}' follows the value, leave it out`, example);
  return { limit: Number(number.part.text) * unit.size, unit };
}

/** With four digits, or with as many as it takes to see on which side of the limit it is. */
function shown(value: number, met: (value: number) => boolean): string {
  const digits = [4, 6, 9, 12].find((n) => met(Number(value.toPrecision(n))) === met(value)) ?? 15;
  const whole = Math.abs(value) >= 1000 && digits === 4 ? Math.round(value) : Number(value.toPrecision(digits));
  return whole.toLocaleString('en-US', { maximumFractionDigits: 15 });
}

function judgeOne({ expression, metric, op, limit, unit }: Threshold, result: RunResult): ThresholdResult {
  const measured = metric.read(result);
  if ('missing' in measured) return { expression, value: null, text: `not measured: ${measured.missing}`, met: false };
  const met = COMPARE[op](measured.value, limit);
  const value = measured.value / unit.shownSize;
  const text = shown(value, (rounded) => COMPARE[op](rounded, limit / unit.shownSize));
  return { expression, value, text: `${text}${unit.shown}`, met };
}

/** What each threshold came to. */
export const judge = (thresholds: readonly Threshold[], result: RunResult): ThresholdResult[] =>
  thresholds.map((threshold) => judgeOne(threshold, result));
