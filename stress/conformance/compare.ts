// SPDX-License-Identifier: GPL-2.0-only
/** What was answered beside what was expected, field by field. */
import { DIFFERENCES, type Foretold, foretell } from './differences.ts';
import { History } from './history.ts';
import type { Answer, Outcome, Trace } from './trace.ts';

/** Where something else was answered. */
export interface Difference {
  /** index in Trace.ops; as many as there are ops for what was found at the end */
  readonly op: number;
  readonly field: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

/** Whether a trace is about the kernel that the port is a port of, and whether about today's. */
export const appliesToPort = (trace: Trace): boolean => trace.applies.includes('v3.17');
export const appliesToKernel = (trace: Trace): boolean => trace.applies.includes('v6.18');

export const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** What a trace expects of each op on today's kernel. */
export const expectedOfKernel = (trace: Trace): Answer[] => trace.ops.map((op) => op.expect ?? {});

/** What differences.ts foretells for each op. @param today - answers of today's kernel, or what is known of them */
export function foretold(trace: Trace, today: readonly Answer[], cpus: number, known = DIFFERENCES): Foretold[] {
  const history = new History(cpus);
  return trace.ops.slice(0, today.length).map((op, i) => {
    const answer = today[i] ?? {};
    const result = foretell(op, answer, history, known);
    history.follow(op, answer);
    return result;
  });
}

/** What a trace expects of each op on v3.17: today's answer, but for what is known to differ. */
export const expectedOfPort = (trace: Trace, cpus: number, known = DIFFERENCES): Answer[] =>
  foretold(trace, expectedOfKernel(trace), cpus, known).map(({ v317 }, i) => ({
    ...v317,
    ...trace.ops[i]?.expect_v317,
  }));

/** Only what is expected is compared; a complaint is a difference of the field `oops`. */
export function compare({ answers, complaints }: Outcome, expected: readonly Answer[]): Difference[] {
  const wrong = answers.flatMap((answer, op) =>
    Object.entries(expected[op] ?? {})
      .filter(([field, value]) => !same(value, answer[field]))
      .map(([field, value]) => ({ op, field, expected: value, actual: answer[field] })),
  );
  const oops = complaints.map((actual) => ({ op: answers.length, field: 'oops', expected: null, actual }));
  return [...wrong, ...oops];
}

/** The port beside the kernel. */
export interface Comparison {
  /** `expected` is what v3.17 would answer where the kernel answers as it did */
  readonly differences: readonly Difference[];
  /** rows of differences.ts that were needed */
  readonly rows: readonly string[];
  /** ops after which the two are in different states, so that no more is compared; null if they never are */
  readonly partedAfter: number | null;
}

/** Compares all that the two answered, also where nothing was recorded. */
export function compareWithKernel(trace: Trace, port: Outcome, kernel: Outcome, cpus: number): Comparison {
  const known = foretold(trace, kernel.answers, cpus);
  const parting = known.findIndex(({ parted }) => parted);
  const compared = parting < 0 ? known : known.slice(0, parting + 1);
  const answers = port.answers.slice(0, compared.length);
  // What only one of them answered is expected to be absent in the other.
  const absent = (i: number): Answer =>
    Object.fromEntries(Object.keys(answers[i] ?? {}).map((field) => [field, undefined]));
  const expected = compared.map(({ v317 }, i) => ({ ...absent(i), ...v317 }));
  const hung = (outcome: Outcome): boolean => outcome.complaints.some((text) => text.startsWith('hang'));
  const bothHung = parting < 0 && hung(port) && hung(kernel) && port.answers.length === kernel.answers.length;
  const complaints =
    parting >= 0 || bothHung ? [] : [...port.complaints, ...kernel.complaints.map((t) => `kernel: ${t}`)];
  return {
    differences: compare({ answers, complaints, skipped: null }, expected),
    rows: [...new Set(compared.flatMap(({ rows }) => rows))],
    partedAfter: parting < 0 ? null : parting,
  };
}
