// SPDX-License-Identifier: GPL-2.0-only
/** What is wrong with an expression, and where: a sentence, then the expression with carets below the place. */
import { UsageError } from '../cli/usage_error.ts';

const FORM = '--threshold takes METRIC OP VALUE';
const EXAMPLE = 'locks.completion_lock.wait.p99 < 50us';

/** A part of the expression: where it begins, and its characters. */
export interface Part {
  readonly at: number;
  readonly text: string;
}

/** One column a character, whatever was typed. */
const plain = (text: string): string => text.replace(/[^\x20-\x7e\u00a0-\u02af]/g, '?');

/**
 * @param complaint - a clause with what is wrong and what is allowed
 * @param example - an expression that is right
 */
export function wrongAt(expression: string, { at, text }: Part, complaint: string, example = EXAMPLE): UsageError {
  const carets = '^'.repeat(Math.max(1, text.length));
  return new UsageError(
    'bad-value',
    `${FORM}, and ${plain(complaint)}; type for example --threshold '${plain(example)}'\n` +
      `  ${plain(expression)}\n  ${' '.repeat(at)}${carets}`,
  );
}
