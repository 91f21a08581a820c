// SPDX-License-Identifier: GPL-2.0-only
/** The build's last step on a small program: constants are bound, variables stay alive, cycles load. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { link } from './link.js';

const FILES = {
  'src/numbers.js': `export const ONE = 1;
export let count = 0;
export function next() { return (count += ONE); }
export const { two, three: drei } = { two: ONE + 1, three: 3 };`,
  // A cycle: early.js runs first, when late.js has not set its constant yet.
  'src/early.js': `import { LATE, late } from './late.js';
export const EARLY = 'early';
export const early = () => [LATE, late()];`,
  'src/late.js': `import { EARLY } from './early.js';
export const LATE = 'late';
export function late() { return EARLY; }`,
  'src/functions.js': `const first = usedEarly();
export const doubled = [1, 2].map((n) => usedByCallback(n));
function usedEarly() { return usedThrough(); }
function usedThrough() { return 40; }
function usedByCallback(n) { return 2 * n; }
export async function plain() { return [first, ...doubled, usedThrough(), kept()]; }
function kept() { return plain.name; }`,
  'workers/main.js': `import {
  count,
  next as after,
  ONE,
} from '../src/numbers.js';
import * as all from '../src/numbers.js';
import { early } from '../src/early.js';
import { plain } from '../src/functions.js';
export const results = [count, after(), count, ONE, all.two, all.drei, ...early(), ...(await plain())];
export const where = () => new Error('here').stack.split('\\n')[1].match(/:(\\d+):\\d+/)[1];`,
};
let dir = '';
const path = (name) => join(dir, name);
const text = () =>
  Object.keys(FILES)
    .map((name) => readFileSync(path(name), 'utf8'))
    .join('\n');

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'kioctx-link-'));
  for (const folder of ['src', 'workers', 'stress']) mkdirSync(path(folder), { recursive: true });
  writeFileSync(join(dir, 'package.json'), '{ "type": "module" }');
  for (const [name, source] of Object.entries(FILES)) writeFileSync(path(name), source);
  link(dir);
});
afterAll(() => rmSync(dir, { recursive: true }));

test('a linked program does what it did, on the lines where it did', async () => {
  const main = await import(pathToFileURL(path('workers/main.js')).href);
  expect(main.results).toEqual([0, 1, 1, 1, 2, 3, 'late', 'early', 40, 2, 4, 40, 'plain']);
  expect(main.where()).toBe('10');
});

test('functions and constants are bound, variables and what comes late are not', () => {
  expect(text()).toContain('const after=after$,ONE=ONE$;');
  expect(text()).not.toMatch(/\bcount\$/);
  expect(text()).not.toContain('LATE as LATE$ } from');
});

test('declared functions are constants, but those that are used above, and exports of a cycle', () => {
  const constants = [...text().matchAll(/\bconst (\w+)=(?:async )?function/g)].map(([, name]) => name);
  expect(constants.sort()).toEqual(['kept', 'next', 'plain']);
});
