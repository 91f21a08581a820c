// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from 'vitest';
import { UsageError } from '../cli/usage_error.ts';
import { DEFAULT_REPORTERS, parseReporters } from '../options/reporters.ts';
import { run } from '../result/fixture.test-data.ts';
import { REPORTERS } from './reporters.ts';

test('names with commas between, each once, in the order typed', () => {
  expect(parseReporters('md,junit')).toEqual(['md', 'junit']);
  expect(parseReporters(' trace , csv,trace,')).toEqual(['trace', 'csv']);
});

test.each([
  ['', /^--reporter takes names with commas between, of .*; type for example --reporter md,junit$/],
  [' , ', /^--reporter takes names/],
  ['md,junitt', /^--reporter 'junitt' is not known; it takes .*, type for example --reporter junit$/],
  ['markdown', /'markdown' is not known/],
  ['toString', /'toString' is not known/],
])('%j is refused in a sentence', (text, sentence) => {
  expect(() => parseReporters(text)).toThrow(UsageError);
  expect(() => parseReporters(text)).toThrow(sentence);
});

test('every reporter has a file of its own and prints something', () => {
  const files = Object.values(REPORTERS).map(({ file }) => file);
  expect(new Set(files).size).toBe(files.length);
  for (const { print } of Object.values(REPORTERS)) expect(print(run)).toMatch(/\S\n$/);
});

test('those that are written unless others are asked for', () => {
  expect([...DEFAULT_REPORTERS].sort()).toEqual(['html', 'json', 'lock_stat', 'md']);
});
