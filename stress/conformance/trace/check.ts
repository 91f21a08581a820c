// SPDX-License-Identifier: GPL-2.0-only
/** Holds what is read against the tables: unknown keys, wrong values, names that nothing has. */
import { errname } from '../../../src/uapi/errno.ts';
import { nearest } from '../../cli/usage_error.ts';
import { type Fields, type Kind, namesIn, type Sort } from './kinds.ts';
import { lengthOf } from './steps.ts';
import { type OpName, TABLE, TOGETHER } from './table.ts';
import { REPEAT, TRACE_FIELDS, type TraceOp } from './trace.ts';

type Object = Readonly<Record<string, unknown>>;
const OP_NAMES: readonly string[] = [...Object.keys(TABLE), 'repeat'];

const rowOf = (name: string): { readonly args: Fields; readonly answers: Fields } =>
  name === 'repeat' ? REPEAT : TABLE[name as OpName];

const STEPS_MAX = 1_000_000;
const SHOWN_MAX = 40;
const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
};
const isObject = (value: unknown): value is Object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A word that is none of the names, with the nearest of them. */
const unlike = (word: string, names: readonly string[]): string => `the nearest is ${nearest(word, names)[0]}`;

/** What is to be said of a value that is not of its kind. */
function wrongValue(at: string, value: unknown, { says, names }: Kind<never>): string {
  const odd = Array.isArray(value) ? value.find((one) => !names?.includes(one)) : value;
  const hint = names !== undefined && typeof odd === 'string' ? `; ${unlike(odd, names)}` : '';
  const error = typeof value === 'number' && value < 0 && /name of an error/.test(says) ? errname(value) : '-';
  const meant = error.startsWith('-E') ? `; ${value} is ${JSON.stringify(error)}` : '';
  return `${at} is ${says}, not ${shown(value)}${hint}${meant}`;
}

/** @param at - where it stands: `expect.` @returns what is wrong, or null */
export function wrongFields(
  value: Object,
  fields: Fields,
  at: string,
  whose: string,
  others: readonly string[] = [],
): string | null {
  const names = Object.keys(fields);
  const stray = Object.keys(value).find((key) => !Object.hasOwn(fields, key));
  if (stray !== undefined) {
    const near = at === '' ? [...names, ...others] : names;
    const allowed = near.length === 0 ? `it has none` : unlike(stray, near);
    return `'${at}${stray}' is no field of ${whose}; ${allowed}`;
  }
  for (const [name, kind] of Object.entries(fields)) {
    const each = value[name];
    if (each === undefined) {
      if (kind.optional !== true) return `'${at}${name}' is missing, ${kind.says}`;
      continue;
    }
    if (!kind.is(each)) return wrongValue(`${at}${name}`, each, kind);
    if (kind.fields !== undefined && isObject(each)) {
      const inside = wrongFields(each, kind.fields, `${at}${name}.`, name);
      if (inside !== null) return inside;
    }
  }
  return null;
}

/** What the steps so far have given names to. */
type Known = ReadonlyMap<Sort, Set<string>>;
const MADE_BY: Readonly<Record<Sort, string>> = {
  context: 'io_setup',
  iocb: 'iocb or iocbs',
  buffer: 'buffer or iovec',
  file: 'file',
  descriptor: 'open, pipe or eventfd',
  eventfd: 'eventfd',
  'pipe end': 'pipe',
};

function unknownName(op: Object, fields: Fields, known: Known): string | null {
  for (const [name, { refers, fields: inner }] of Object.entries(fields)) {
    const value = op[name] as never;
    if (value === undefined) continue;
    for (const [sort, wanted] of refers?.(value) ?? []) {
      const names = [...(known.get(sort) as Set<string>)];
      if (names.includes(wanted)) continue;
      const there = names.length === 0 ? `there is no ${sort} yet` : unlike(wanted, names);
      return `${name} names the ${sort} '${wanted}', which no earlier step has made by ${MADE_BY[sort]}; ${there}`;
    }
    const inside = inner !== undefined && isObject(value) ? unknownName(value, inner, known) : null;
    if (inside !== null) return inside;
  }
  return null;
}

function note(op: Object, fields: Fields, known: Known): void {
  for (const [name, { makes }] of Object.entries(fields)) {
    const value = op[name];
    if (makes === undefined || typeof value !== 'string') continue;
    known.get(makes)?.add(value);
    if (makes !== 'descriptor') continue;
    // The name means something else from here on.
    for (const sort of ['eventfd', 'pipe end'] as const) known.get(sort)?.delete(value);
    if (op['op'] === 'eventfd') known.get('eventfd')?.add(value);
    if (op['op'] === 'pipe' && name === 'w') known.get('pipe end')?.add(value);
  }
  if (op['op'] !== 'iocbs') return;
  const { prefix, count } = op as { readonly prefix: string; readonly count: number };
  for (const one of namesIn({ prefix, count, from: 0 })) known.get('iocb')?.add(one);
}

/** Answers are checked by the fields that the step has. */
function wrongAnswers(answers: readonly unknown[], body: readonly unknown[]): string | null {
  for (const [i, answer] of answers.entries()) {
    const op = body[i];
    if (!isObject(op) || !isObject(answer)) return `expect.first has ${answers.length} answers to ${body.length} steps`;
    const wrong = wrongFields(
      answer,
      rowOf(op['op'] as string).answers,
      `expect.first[${i}].`,
      `what ${op['op']} answers`,
    );
    if (wrong !== null) return wrong;
  }
  return null;
}

/** @returns what is wrong with an op, whatever came before it; or null */
export function wrongArgs({ op: name, expect, expect_v317, ...args }: Object): string | null {
  const row = rowOf(name as string);
  const wrong = wrongFields(args, row.args, '', name as string, ['expect', 'expect_v317']);
  const said = (expected: unknown, at: string): string | null => {
    if (expected === undefined) return null;
    if (!isObject(expected)) return wrongValue(at, expected, EXPECTED);
    return wrongFields(expected, row.answers, `${at}.`, `what ${name} answers`);
  };
  return (
    wrong ?? said(expect, 'expect') ?? said(expect_v317, 'expect_v317') ?? TOGETHER[name as OpName]?.(args) ?? null
  );
}

function wrongOp(op: unknown, known: Known, at: string): string | null {
  if (!isObject(op)) return `op ${at} is ${shown(op)}; each op is an object such as {"op":"io_destroy","ctx":"c"}`;
  const { op: name } = op;
  if (typeof name !== 'string' || !OP_NAMES.includes(name)) {
    return `op ${at} is ${shown(name)}, which there is not; ${unlike(String(name), OP_NAMES)}`;
  }
  const { args } = rowOf(name);
  const wrong = wrongArgs(op) ?? unknownName(op, args, known);
  if (wrong !== null) return `op ${at}, ${name}: ${wrong}`;
  note(op, args, known);
  if (name !== 'repeat') return null;
  const body = op['body'] as readonly unknown[];
  const inside = wrongOps(body, known, `${at}.`);
  if (inside !== null) return inside;
  const first = isObject(op['expect']) ? op['expect']['first'] : undefined;
  const answers = Array.isArray(first) ? wrongAnswers(first, body) : null;
  return answers === null ? null : `op ${at}, repeat: ${answers}`;
}
const EXPECTED: Kind<never> = { says: 'an object such as {"ret":0}', is: isObject };

function wrongOps(ops: readonly unknown[], known: Known, at: string): string | null {
  for (const [i, op] of ops.entries()) {
    const wrong = wrongOp(op, known, `${at}${i}`);
    if (wrong !== null) return wrong;
  }
  return null;
}

/** @returns what is wrong with a trace, or null */
export function wrongTrace(value: Object): string | null {
  const wrong = wrongFields(value, TRACE_FIELDS, '', 'a trace');
  if (wrong !== null) return wrong;
  const known: Known = new Map((Object.keys(MADE_BY) as Sort[]).map((sort) => [sort, new Set<string>()]));
  const wrongOne = wrongOps(value['ops'] as readonly unknown[], known, '');
  if (wrongOne !== null) return wrongOne;
  const steps = (value['ops'] as readonly TraceOp[]).reduce((sum, op) => sum + lengthOf(op), 0);
  if (steps <= STEPS_MAX) return null;
  return `the trace has ${steps} steps, all rounds of its repeats counted; ${STEPS_MAX} are allowed`;
}
