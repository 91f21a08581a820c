// SPDX-License-Identifier: GPL-2.0-only
/**
 * Structs of shared words outside RAM: each field is a word, which reads and writes plainly as a number.
 *
 *   const round = wordStruct('round', { steps: 1, held: 2 });
 *   const r = round.at(words, 16);
 *   r.steps += 1;           words[16]
 *   r.$held                 17, the index of the first of two words
 *
 * Classes are made from text, as those of struct.ts are and for the same reason.
 */
import type { Words } from './words.ts';

/** Words that each field has. */
type WordFields = Readonly<Record<string, number>>;

export type WordView<F extends WordFields> = { readonly words: Words; readonly base: number } & {
  -readonly [K in keyof F]: number;
} & { readonly [K in keyof F & string as `$${K}`]: number };
/** The view type of a struct: `type Round = WordsOf<typeof round>`. */
export type WordsOf<S> = S extends WordStruct<infer F> ? WordView<F> : never;

export interface WordStruct<F extends WordFields> {
  /** words */
  readonly length: number;
  /** @param base - index of its first word */
  at(words: Words, base: number): WordView<F>;
}

export function wordStruct<const F extends WordFields>(name: string, fields: F): WordStruct<F> {
  let length = 0;
  const accessors: string[] = [];
  for (const [field, words] of Object.entries(fields)) {
    accessors.push(`get $${field}() { return this.base + ${length} }`);
    accessors.push(`get ${field}() { return this.own[${length}] }`);
    accessors.push(`set ${field}(v) { this.own[${length}] = v }`);
    length += words;
  }
  const text = `
    'use strict';
    class ${name} {
      constructor(words, base) {
        this.words = words;
        this.base = base;
        this.own = words.subarray(base, base + ${length});
      }
      ${accessors.join('\n')}
    }
    return (words, base) => new ${name}(words, base);
    //# sourceURL=words:${name}`;
  return { length, at: new Function(text)() as WordStruct<F>['at'] };
}
