// SPDX-License-Identifier: GPL-2.0-only
/** What was answered beside what was expected, field by field. */
import type { Answer } from '../trace/kinds.ts';
import { folded, recordedAnswers, same, stepsOf } from '../trace/steps.ts';
import type { Outcome, Repeat, Trace } from '../trace/trace.ts';
import { DIFFERENCES, type Foretold, foretell } from './differences.ts';
import { History } from './history.ts';

/** Where something else was answered. */
export interface Difference {
  /** index in Trace.ops; as many as there are ops for what was found at the end */
  readonly op: number;
  /** the step, where it is one of a repeat: `5 round 2 step 0` */
  readonly at?: string;
  readonly field: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

/** Whether a trace is about the kernel that the port is a port of, and whether about today's. */
export const appliesToPort = (trace: Trace): boolean => trace.applies.includes('v3.17');
export const appliesToKernel = (trace: Trace): boolean => trace.applies.includes('v6.18');

/** What a trace expects of each op on today's kernel. */
export const expectedOfKernel = (trace: Trace): Answer[] => trace.ops.map((op) => op.expect ?? {});

/** What differences.ts foretells for each step. @param today - today's kernel's answers, or what is known of them */
export function foretold(trace: Trace, today: readonly Answer[], cpus: number, known = DIFFERENCES): Foretold[] {
  const history = new History(cpus);
  const all: Foretold[] = [];
  for (const { op } of stepsOf(trace.ops)) {
    const answer = today[all.length];
    if (answer === undefined) break;
    all.push(foretell(op, answer, history, known));
    history.follow(op, answer);
  }
  return all;
}

/** What a trace expects of each op on v3.17. */
export interface Expected {
  readonly answers: readonly Answer[];
  /** rows of differences.ts that were needed */
  readonly rows: readonly string[];
}

/**
 * Today's answer, but for what is known to differ.
 * @param port - what the port answered: where nothing was recorded, what came before is known of that
 */
export function expectedOfPort(trace: Trace, cpus: number, port: readonly Answer[], known = DIFFERENCES): Expected {
  const all = foretold(trace, recordedAnswers(trace.ops, port), cpus, known);
  const parting = all.findIndex(({ parted }) => parted);
  const steps = [...stepsOf(trace.ops)];
  const partedIn = steps[parting]?.index ?? null;
  const v317 = folded(
    trace.ops,
    all.map((each) => each.v317),
  );
  const answers = trace.ops.map((op, i): Answer => {
    const isKnown = op.expect !== undefined && (partedIn === null || i <= partedIn);
    if (!isKnown) return op.expect_v317 ?? {};
    // Of rounds in which the kernels part nothing is known.
    if (op.op === 'repeat' && i === partedIn) return op.expect_v317 ?? {};
    const foreseen = op.op === 'repeat' ? ofRepeat(op, op.expect, v317[i]) : v317[i];
    return { ...foreseen, ...op.expect_v317 };
  });
  const recorded = all.filter((_, i) => trace.ops[steps[i]?.index ?? -1]?.expect !== undefined);
  return { answers, rows: [...new Set(recorded.flatMap(({ rows }) => rows))] };
}

/** Where rounds answered otherwise than the first, nobody knows how. */
function ofRepeat({ times }: Repeat, today: Answer, v317: Answer = {}): Answer {
  const { alike, first } = today;
  return {
    ...(alike !== undefined && { alike: alike === times ? v317['alike'] : alike }),
    ...(first !== undefined && { first: v317['first'] }),
  };
}

/** Only what is expected is compared; a complaint is a difference of the field `oops`. @param answers - of each op */
function compare(answers: readonly Answer[], complaints: readonly string[], expected: readonly Answer[]): Difference[] {
  const wrong = answers.flatMap((answer, op) =>
    Object.entries(expected[op] ?? {})
      .filter(([field, value]) => !same(value, answer[field]))
      .map(([field, value]) => ({ op, field, expected: value, actual: answer[field] })),
  );
  return [...wrong, ...complaints.map((actual) => ({ op: answers.length, field: 'oops', expected: null, actual }))];
}

/** What an outcome answered to each op beside what was expected of it. */
export const compareOps = (
  { ops }: Trace,
  { answers, complaints }: Outcome,
  expected: readonly Answer[],
): Difference[] => compare(folded(ops, answers), complaints, expected);

/** The port beside the kernel. */
export interface Comparison {
  /** `expected` is what v3.17 would answer where the kernel answers as it did */
  readonly differences: readonly Difference[];
  /** rows of differences.ts that were needed */
  readonly rows: readonly string[];
  /** the step after which the two are in different states, so that no more is compared; null if they never are */
  readonly partedAfter: string | null;
  /** steps that were compared */
  readonly compared: number;
}

const hung = ({ complaints }: Outcome): boolean => complaints.some((text) => text.startsWith('hang'));

/** Compares all that the two answered, step by step, also where nothing was recorded. */
export function compareWithKernel(trace: Trace, port: Outcome, kernel: Outcome, cpus: number): Comparison {
  const known = foretold(trace, kernel.answers, cpus);
  const parting = known.findIndex(({ parted }) => parted);
  const compared = parting < 0 ? known : known.slice(0, parting + 1);
  const answers = port.answers.slice(0, compared.length);
  // What only one of them answered is expected to be absent in the other.
  const absent = (i: number): Answer =>
    Object.fromEntries(Object.keys(answers[i] ?? {}).map((field) => [field, undefined]));
  const expected = compared.map(({ v317 }, i) => ({ ...absent(i), ...v317 }));
  const bothHung = parting < 0 && hung(port) && hung(kernel) && port.answers.length === kernel.answers.length;
  const complaints =
    parting >= 0 || bothHung ? [] : [...port.complaints, ...kernel.complaints.map((text) => `kernel: ${text}`)];
  const steps = [...stepsOf(trace.ops)];
  const differences = compare(answers, complaints, expected).map((difference) => {
    const { index, at } = steps[difference.op] ?? { index: trace.ops.length, at: '' };
    return { ...difference, op: index, ...(at.includes(' ') && { at }) };
  });
  return {
    differences,
    rows: [...new Set(compared.flatMap(({ rows }) => rows))],
    partedAfter: steps[parting]?.at ?? null,
    compared: compared.length,
  };
}
