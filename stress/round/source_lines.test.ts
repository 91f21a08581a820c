// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ROOT } from '../host/root.ts';
import { sourceFrame } from './source_lines.ts';

/** Line and column, from 1, at which a text stands in a file. */
function placeOf(file: string, text: string): [number, number] {
  const lines = readFileSync(new URL(file, ROOT), 'utf8').split('\n');
  const line = lines.findIndex((l) => l.includes(text));
  return [line + 1, (lines[line]?.indexOf(text) ?? 0) + 1];
}

test('a frame of compiled code becomes the line of the source', () => {
  const what = 'atomic_xchg(ctx.dead, 1)';
  const [line, column] = placeOf('dist/src/fs/aio/destroy.js', what);
  const [original] = placeOf('src/fs/aio/destroy.ts', what);
  expect(original).not.toBe(line);
  expect(sourceFrame(`kill_ioctx (src/fs/aio/destroy.js:${line}:${column})`)).toBe(
    `kill_ioctx (src/fs/aio/destroy.ts:${original})`,
  );
});

test('what is not known stays as it is', () => {
  for (const frame of ['f (src/a.ts:3)', 'f (src/nowhere.js:3:4)', 'anything']) expect(sourceFrame(frame)).toBe(frame);
});
