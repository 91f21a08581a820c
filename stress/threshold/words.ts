// SPDX-License-Identifier: GPL-2.0-only
/** Reading a metric word by word, with a place for whatever is wrong. */
import { either, nearest, type UsageError } from '../cli/usage_error.ts';
import { type Part, wrongAt } from './place.ts';

/** The words of a metric, taken off one by one. */
export class Words {
  readonly expression: string;
  private rest: Part;

  constructor(expression: string, metric: Part) {
    this.expression = expression;
    this.rest = metric;
  }

  /** A word of `length` characters, or up to the next dot. */
  word(length = `${this.rest.text}.`.indexOf('.')): Part {
    const { at, text } = this.rest;
    const rest = text.slice(length + 1);
    this.rest = { at: at + text.length - rest.length, text: rest };
    return { at, text: text.slice(0, length) };
  }

  /** All that is left, dots included. */
  tail(): Part {
    const { rest } = this;
    this.rest = { at: rest.at + rest.text.length, text: '' };
    return rest;
  }

  get left(): string {
    return this.rest.text;
  }

  /** One of the names, or an error at the word. @param what - `lock class` */
  oneOf<T extends string>(part: Part, names: readonly T[], what: string, example: (name: string) => string): T {
    const found = names.find((name) => name === part.text);
    if (found !== undefined) return found;
    const named = this.expression.slice(0, part.at + part.text.length).trimStart();
    const [like = ''] = part.text === '' ? names : nearest(part.text, names);
    const allowed = names.length <= 8 ? `${either(names)} is allowed` : `the nearest is ${like}`;
    throw this.wrong(part, `'${named}' names no ${what}, ${allowed}`, example(like));
  }

  wrong(part: Part, complaint: string, example?: string): UsageError {
    return wrongAt(this.expression, part, complaint, example);
  }

  /** Nothing may follow. */
  end(): void {
    if (this.left !== '') throw this.wrong(this.rest, `'.${this.left}' is more than that metric has, leave it out`);
  }
}
