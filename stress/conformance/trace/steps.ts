// SPDX-License-Identifier: GPL-2.0-only
/** The steps of a trace one by one, those of each round of a repeat too; and their answers as a file has them. */
import type { Answer } from './kinds.ts';
import type { BasicOp, TraceOp } from './trace.ts';

export interface Step {
  readonly op: BasicOp;
  /** in Trace.ops: the op itself, or the repeat that it is of */
  readonly index: number;
  /** `5`, or `5 round 2 step 0` */
  readonly at: string;
}

export function* stepsOf(ops: readonly TraceOp[], index?: number, at = ''): Generator<Step, void> {
  for (const [i, op] of ops.entries()) {
    if (op.op !== 'repeat') yield { op, index: index ?? i, at: `${at}${i}` };
    else for (let n = 0; n < op.times; n++) yield* stepsOf(op.body, index ?? i, `${at}${i} round ${n} step `);
  }
}

export const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/**
 * What each op answered: a repeat its first round, and how many rounds answered alike.
 * @param answers - of the steps @returns fewer than ops if the answers end before the last
 */
export function folded(ops: readonly TraceOp[], answers: readonly Answer[]): Answer[] {
  let next = 0;
  const take = (op: TraceOp): Answer => {
    if (op.op !== 'repeat') return answers[next++] ?? {};
    const first = op.body.map(take);
    let alike = 1;
    for (let n = 1; n < op.times; n++) if (same(op.body.map(take), first)) alike++;
    return { alike, first };
  };
  const all: Answer[] = [];
  for (const op of ops) {
    const answer = take(op);
    if (next > answers.length) break;
    all.push(answer);
  }
  return all;
}

/** How many steps an op is. */
export const lengthOf = (op: TraceOp): number =>
  op.op === 'repeat' ? op.times * op.body.reduce((sum, each) => sum + lengthOf(each), 0) : 1;

/** What each step of an op answered, from what a file says of the op: each round as the first. */
function unfolded(op: TraceOp, answer: Answer): Answer[] {
  if (op.op !== 'repeat') return [answer];
  const first = (answer['first'] ?? []) as readonly Answer[];
  const round = op.body.flatMap((each, i) => unfolded(each, first[i] ?? {}));
  return Array.from({ length: op.times }, () => round).flat();
}

/** What today's kernel answered each step: as recorded; where nothing was, as answered now. @param now - by steps */
export function recordedAnswers(ops: readonly TraceOp[], now: readonly Answer[]): Answer[] {
  let next = 0;
  return ops.flatMap((op) => {
    const from = next;
    next += lengthOf(op);
    return op.expect === undefined ? now.slice(from, next) : unfolded(op, op.expect);
  });
}
