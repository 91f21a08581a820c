// SPDX-License-Identifier: GPL-2.0-only
/** What was answered beside what was expected, field by field. */
import type { Answer, Outcome, Trace, TraceOp } from './trace.ts';

/** Where something else was answered. */
export interface Difference {
  /** index in Trace.ops; as many as there are ops for what was found at the end */
  readonly op: number;
  readonly field: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

/** Whether a trace is about the kernel that the port is a port of. */
export const appliesToPort = (trace: Trace): boolean => trace.applies.includes('v3.17');

export const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** What a trace expects of an op. */
export type Expected = (op: TraceOp) => Answer;
export const expectedOfKernel: Expected = (op) => op.expect ?? {};
export const expectedOfPort: Expected = (op) => ({ ...op.expect, ...op.expect_v317 });

/** Only what is expected is compared; a complaint is a difference of the field `oops`. */
export function compare(trace: Trace, { answers, complaints }: Outcome, expected: Expected): Difference[] {
  const wrong = trace.ops.slice(0, answers.length).flatMap((op, index) =>
    Object.entries(expected(op))
      .filter(([field, value]) => !same(value, answers[index]?.[field]))
      .map(([field, value]) => ({ op: index, field, expected: value, actual: answers[index]?.[field] })),
  );
  const oops = complaints.map((actual) => ({ op: answers.length, field: 'oops', expected: null, actual }));
  return [...wrong, ...oops];
}
