// SPDX-License-Identifier: GPL-2.0-only
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { appendStepSummary } from './step_summary.ts';

const folder = mkdtempSync(join(tmpdir(), 'summary-'));
afterAll(() => rmSync(folder, { recursive: true }));

const append = (text: string, env: NodeJS.ProcessEnv): string[] => {
  const warnings: string[] = [];
  appendStepSummary(text, env, (line) => warnings.push(line));
  return warnings;
};

test('appends to what earlier steps have written, and makes the file where there is none', () => {
  const path = join(folder, 'summary.md');
  expect(append('one\n', { GITHUB_STEP_SUMMARY: path })).toEqual([]);
  writeFileSync(path, 'before\n');
  append('one\n', { GITHUB_STEP_SUMMARY: path });
  append('two\n', { GITHUB_STEP_SUMMARY: path });
  expect(readFileSync(path, 'utf8')).toBe('before\n\none\n\ntwo\n');
});

test('does nothing where the variable is not set', () => {
  expect(append('one', {})).toEqual([]);
  expect(append('one', { GITHUB_STEP_SUMMARY: '' })).toEqual([]);
});

test('a file that cannot be written is a warning', () => {
  const path = join(folder, 'none', 'summary.md');
  expect(append('one', { GITHUB_STEP_SUMMARY: path })).toEqual([
    `The step summary cannot be written to '${path}': there is no such file or folder.\n`,
  ]);
});
