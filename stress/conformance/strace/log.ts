// SPDX-License-Identifier: GPL-2.0-only
/**
 * The lines of a log of strace as calls.
 *
 *   32537 io_setup(128, [0x7f96b3090000]) = 0                  with -f; also `[pid 32537]`, times (-t, -r, -T)
 *   32538 io_getevents(0x7f96b3090000, 1, 8,  <unfinished ...>
 *   32538 <... io_getevents resumed>[{data=0, …}], NULL) = 1   is one call, where it returned
 */

/** A struct, a list, or a word as it stands there; of a text that was cut short the part that is there. */
export type Value = string | Fields | readonly Value[];
export interface Fields {
  readonly [name: string]: Value;
}

export interface Call {
  readonly line: number;
  readonly name: string;
  readonly args: readonly Value[];
  /** a number, the name of an error such as -EAGAIN, or null for a call that did not return */
  readonly ret: number | string | null;
}

const PREFIX = /^(?:\[pid\s+(\d+)\]\s+|(\d+)\s+)?(?:\d+[:.][\d:.]*\s+)?/;
const CALL = /^(\w+)\((.*)\)\s+= (-?\d+|0x[0-9a-f]+|\?)(?:\s+(E[A-Z0-9]+)\b)?/;
const UNFINISHED = /\s*<unfinished \.\.\.>$/;
const RESUMED = /^<\.\.\. \w+ resumed>\s?/;

/** Reads values as strace writes them. */
class Reader {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** Values up to the closing bracket, or to the end. */
  list(close: string): Value[] {
    const values: Value[] = [];
    for (;;) {
      this.blanks();
      if (this.at >= this.text.length || this.text[this.at] === close) break;
      values.push(this.value());
    }
    this.at++;
    return values;
  }

  private blanks(): void {
    this.at += /^(?:[\s,]|\/\*.*?\*\/)*/.exec(this.text.slice(this.at))?.[0].length ?? 0;
  }

  private value(): Value {
    const c = this.text[this.at];
    if (c === '[' || c === '{') {
      this.at++;
      return c === '[' ? this.list(']') : this.fields();
    }
    if (c === '"') return this.quoted();
    const word =
      /^(?:<[^>]*>|[^\s,\]})])+/.exec(this.text.slice(this.at))?.[0] ?? this.text.slice(this.at, this.at + 1);
    this.at += word.length;
    // With -y: 3</tmp/file>
    return word.replace(/<.*>$/, '');
  }

  private quoted(): string {
    const [whole = '""', inner = ''] = /^"((?:[^"\\]|\\.)*)"(?:\.\.\.)?/.exec(this.text.slice(this.at)) ?? [];
    this.at += whole.length;
    return inner;
  }

  /** A word without a name is what is done, as older versions write it: `{data=0, pread, fildes=3, …}`. */
  private fields(): Fields {
    const fields: Record<string, Value> = {};
    for (;;) {
      this.blanks();
      if (this.at >= this.text.length || this.text[this.at] === '}') break;
      const name = /^(?:aio_)?(\w+)=/.exec(this.text.slice(this.at));
      this.at += name?.[0].length ?? 0;
      fields[name?.[1] ?? 'lio_opcode'] = this.value();
    }
    this.at++;
    return fields;
  }
}

/** @returns the calls in the order in which they returned, and the lines that are none, by number */
export function readLog(text: string): { readonly calls: Call[]; readonly odd: number[] } {
  const begun = new Map<string, string>();
  const calls: Call[] = [];
  const odd: number[] = [];
  for (const [i, whole] of text.split('\n').entries()) {
    const [prefix, bracket, number] = PREFIX.exec(whole) ?? [''];
    const thread = bracket ?? number ?? '';
    let line = whole.slice(prefix.length);
    if (/^(\+\+\+|---|strace:|$)/.test(line)) continue;
    if (RESUMED.test(line)) line = (begun.get(thread) ?? '') + line.replace(RESUMED, '');
    if (UNFINISHED.test(line)) {
      begun.set(thread, line.replace(UNFINISHED, ' '));
      continue;
    }
    const [, name, args, ret, error] = CALL.exec(line) ?? [];
    if (name === undefined || args === undefined) odd.push(i + 1);
    else {
      const result = ret === '?' ? null : error === undefined ? Number(ret) : `-${error}`;
      calls.push({ line: i + 1, name, args: new Reader(args).list(')'), ret: result });
    }
  }
  return { calls, odd };
}

/** A call that a trace cannot say; `message` is a clause that says why. */
export class Unconvertible extends Error {
  override readonly name = 'Unconvertible';
}

/** Values of names. */
const BITS: Readonly<Record<string, number>> = {
  NULL: 0,
  IOCB_FLAG_RESFD: 1,
  IOCB_FLAG_IOPRIO: 2,
  RWF_HIPRI: 1,
  RWF_DSYNC: 2,
  RWF_SYNC: 4,
  RWF_NOWAIT: 8,
  RWF_APPEND: 16,
  POLLIN: 1,
  POLLPRI: 2,
  POLLOUT: 4,
  POLLERR: 8,
  POLLHUP: 16,
  POLLRDNORM: 64,
  POLLRDBAND: 128,
  POLLWRNORM: 256,
  POLLRDHUP: 0x2000,
};

export const isFields = (value: Value | undefined): value is Fields =>
  typeof value === 'object' && !Array.isArray(value);
export const word = (value: Value | undefined): string => (typeof value === 'string' ? value : '');

/** A number, or names that are or'ed. */
export function number(value: Value | undefined): number {
  const sum = word(value)
    .split('|')
    .map((part) => BITS[part] ?? (part === '' ? Number.NaN : Number(part)))
    .reduce((a, b) => a + b, 0);
  if (Number.isNaN(sum)) throw new Unconvertible(`'${word(value)}' is no number that is known here`);
  return sum;
}

/** The same of 64 bits; nothing is 0. */
export function long(value: Value | undefined): number | string {
  const n = value === undefined ? 0 : number(value);
  return Number.isSafeInteger(n) ? n : word(value);
}
