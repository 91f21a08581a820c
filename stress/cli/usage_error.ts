// SPDX-License-Identifier: GPL-2.0-only
/**
 * What is said of bad input: one sentence with what is wrong, what is allowed and what to type instead.
 */

export type UsageCode =
  | 'unknown-option'
  | 'missing-value'
  | 'unexpected-argument'
  | 'bad-value'
  | 'unknown-name'
  | 'contradiction'
  | 'too-few-threads'
  | 'output'
  | 'schedule'
  | 'log'
  | 'compare';

/** Input that cannot be run; `message` is the sentence to print. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code: UsageCode;
  constructor(code: UsageCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Number of characters to insert, delete or replace to make one word the other. */
function editDistance(a: string, b: string): number {
  const row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    let diagonal = i - 1;
    row[0] = i;
    for (let j = 1; j <= b.length; j++) {
      const above = row[j] as number;
      const replaced = diagonal + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(replaced, above + 1, (row[j - 1] as number) + 1);
      diagonal = above;
    }
  }
  return row[b.length] as number;
}

const share = (a: string, b: string): number => editDistance(a, b) / Math.max(a.length, b.length, 1);

/** 0 for the same, 1 for nothing in common. Whoever types one word of a long name means the name. */
function difference(word: string, name: string): number {
  if (word === name) return 0;
  if (word.length >= 3 && name.includes(word)) return 0.2;
  const parts = name.split(/[_-]/).map((part) => 0.25 + 0.75 * share(word, part));
  return Math.min(share(word, name), ...parts);
}

/** The names most like a word, best first. */
export function nearest(word: string, names: readonly string[], count = 3): string[] {
  const plain = word
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '');
  return names
    .map((name) => ({ name, far: difference(plain, name) }))
    .sort((a, b) => a.far - b.far)
    .slice(0, count)
    .map(({ name }) => name);
}

/** `a, b or c` */
export function either(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
