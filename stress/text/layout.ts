// SPDX-License-Identifier: GPL-2.0-only
/** How numbers, times and long lines are written in every report. */
import { stripVTControlCharacters } from 'node:util';

/** `1,234,567` */
export const count = (n: number): string => Math.round(n).toLocaleString('en-US');

/** `1 round`, `2 rounds` */
export const plural = (n: number, noun: string): string => `${count(n)} ${noun}${n === 1 ? '' : 's'}`;

/** `1.24M` */
export function short(n: number): string {
  for (const [unit, size] of [
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const) {
    if (n >= size) return `${(n / size).toFixed(2)}${unit}`;
  }
  return String(Math.round(n));
}

/** Microseconds with two decimals: `1,234.50`. */
export const us = (ns: number): string =>
  (ns / 1000).toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** `01:05`, or `1:00:05` from an hour on. */
export function clock(ms: number): string {
  const s = Math.floor(Math.max(0, ms) / 1000);
  const two = (n: number): string => String(n).padStart(2, '0');
  const hours = Math.floor(s / 3600);
  return `${hours > 0 ? `${hours}:` : ''}${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

/** `850 ms`, `3.2 s`, `10 min` */
export function span(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${Number((ms / 1000).toFixed(1))} s`;
  return `${Number((ms / 60_000).toFixed(1))} min`;
}

/** Share of a whole: 2 decimals, and never 0 % for something nor 100 % for less than all. */
export function frequency(part: number, whole: number): string {
  if (part === 0 || whole === 0) return '0.00%';
  const percent = (100 * part) / whole;
  if (percent < 0.01) return '<0.01%';
  if (percent >= 99.995 && part < whole) return '>99.99%';
  return `${percent.toFixed(2)}%`;
}

/** Columns that a text takes on a terminal, colours not counted. */
export const columnsOf = (text: string): number => stripVTControlCharacters(text).length;

/** What fits, with `…` for the rest. */
export const clip = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;

/**
 * How much of a word goes on a line: up to its last bracket, comma, equals sign or slash, so that a number stays
 * whole.
 */
function breakAt(word: string, room: number): number {
  const at = word.slice(0, room).search(/[^(,=/]*$/);
  return at > 0 ? at : room;
}

/** Breaks a text between words; a word that is longer than a line is broken inside. @param rest - before later lines */
export function wrap(text: string, width: number, first = '', rest = first): string[] {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (let word of text.split(/\s+/).filter((part) => part !== '')) {
    if (!empty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = rest;
      empty = true;
    }
    while (empty && word.length > Math.max(1, width - line.length)) {
      const at = breakAt(word, Math.max(1, width - line.length));
      lines.push(line + word.slice(0, at));
      word = word.slice(at);
      line = rest;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return empty && lines.length > 0 ? lines : [...lines, line];
}

/** A command over several lines that a shell reads as one; an option and its value stay together. */
export function command(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const part of text.split(/ (?=--[a-z])/)) {
    if (line !== '' && line.length + part.length + 3 > width) {
      lines.push(`${line} \\`);
      line = `    ${part}`;
    } else {
      line += line === '' ? part : ` ${part}`;
    }
  }
  return [...lines, line];
}
