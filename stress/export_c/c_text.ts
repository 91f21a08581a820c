// SPDX-License-Identifier: GPL-2.0-only
/** C as text: literals, and the parts of a source that a program uses. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ROOT } from '../host/root.ts';

/** Columns of a comment in a program. */
const WIDTH = 100;

/** What cannot be written as a C program; `message` is a clause that says why. */
export class ExportError extends Error {
  override readonly name = 'ExportError';
}

const octal = (c: number): string => `\\${c.toString(8).padStart(3, '0')}`;

/** A literal in UTF-8. */
export function cString(text: string): string {
  const bytes = [...Buffer.from(text)].map((c) => (c >= 0x20 && c <= 0x7e ? String.fromCharCode(c) : octal(c)));
  return `"${bytes.map((c) => (c === '"' || c === '\\' ? `\\${c}` : c)).join('')}"`;
}

const INT_MAX = 2n ** 31n - 1n;
const LONG_MIN = -(2n ** 63n);

/** A number of up to 64 bits. @param value - as a string where a double cannot hold it */
export function cNumber(value: number | string): string {
  const n = BigInt(value);
  if (n >= -INT_MAX && n <= INT_MAX) return String(n);
  if (n === LONG_MIN) return 'LLONG_MIN';
  return n >= 2n ** 63n ? `${n}ull` : `${n}ll`;
}

/** Lines of a block comment. A line that begins with spaces is left as it is. */
export function cComment(paragraphs: readonly string[]): string[] {
  const lines = paragraphs.flatMap((paragraph) => (paragraph.startsWith(' ') ? [paragraph] : wrapped(paragraph)));
  return ['/*', ...lines.map((line) => ` * ${line.replaceAll('*/', '* /')}`.trimEnd()), ' */'];
}

function wrapped(text: string): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) as string;
    if (last.length + word.length >= WIDTH && last !== '') lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}

/** A declaration of a C source, with the comment above it. */
interface Piece {
  readonly text: string;
  /** What it declares; empty for what every program has. */
  readonly names: readonly string[];
}

function namesOf(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').trim();
  if (code.startsWith('#define _GNU_SOURCE')) return [];
  const macros = [...code.matchAll(/^#define (\w+)/gm)].map((m) => m[1] as string);
  if (macros.length > 0) return macros;
  const anonymous = /^}.* (\w+);$/m.exec(code);
  if (anonymous !== null) return [anonymous[1] as string];
  const constants = /^enum \w* ?\{([^}]*)\}/.exec(code);
  if (constants !== null) return [...(constants[1] as string).matchAll(/[A-Z]\w+/g)].map(([name]) => name);
  const tag = /^struct (\w+) \{/.exec(code);
  if (tag !== null) return [tag[1] as string];
  const head = (code.split('\n')[0] as string).replace(/__attribute__\(\(.*?\)\)+ ?/, '');
  const name = /(\w+)(?:\[[^\]]*\])*(?: =.*|;|\(.*)$/.exec(head.replace(/ = .*/, ' ='));
  return name === null ? [] : [name[1] as string];
}

/** A source's pieces stand apart by empty lines, and are written from column 0. */
const piecesOf = (source: string): Piece[] =>
  source
    .trimEnd()
    .split(/\n\n(?=\S)/)
    .map((text) => ({ text, names: namesOf(text) }));

const words = (text: string): Set<string> =>
  new Set(text.replace(/\/\*[\s\S]*?\*\/|"(?:[^"\\]|\\.)*"/g, ' ').match(/\w+/g) ?? []);

/**
 * The pieces of some sources that a program uses, and what those use.
 * @param sources - names of files in stress/export_c/c
 * @param program - C text
 */
export function usedPieces(sources: readonly string[], program: string): string[] {
  const pieces = sources.flatMap((name) =>
    piecesOf(readFileSync(fileURLToPath(new URL(`stress/export_c/c/${name}`, ROOT)), 'utf8')),
  );
  const used = new Set(pieces.filter(({ names }) => names.length === 0));
  const todo = [words(program)];
  for (let known = todo.pop(); known !== undefined; known = todo.pop()) {
    for (const piece of pieces) {
      if (used.has(piece) || !piece.names.some((name) => known?.has(name))) continue;
      used.add(piece);
      todo.push(words(piece.text));
    }
  }
  return pieces.filter((piece) => used.has(piece)).map(({ text }) => text);
}
