// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from 'vitest';
import { UsageError } from '../cli/usage_error.ts';
import { parseSweep } from './widths.ts';

test.each([
  ['threads=1,2,4,8,16', [1, 2, 4, 8, 16]],
  ['threads=8,1', [1, 8]],
  ['threads=2, 254', [2, 254]],
])('%s is taken', (text, widths) => {
  expect(parseSweep(text)).toEqual(widths);
});

test.each([
  ['1,2,4', 'threads='],
  ['cores=1,2', 'threads='],
  ['threads=', "''"],
  ['threads=4', 'has one'],
  ['threads=0,1', "'0'"],
  ['threads=1,255', "'255'"],
  ['threads=1,-2', "'-2'"],
  ['threads=1,2.5', "'2.5'"],
  ['threads=1,2,', "''"],
  ['threads=1,two', "'two'"],
  ['threads=2,4,2', '2 twice'],
])('%s is refused, with what is wrong, what is allowed and what to type', (text, says) => {
  const parse = () => parseSweep(text);
  expect(parse).toThrow(UsageError);
  expect(parse).toThrow(says);
  expect(parse).toThrow('1 to 254');
  expect(parse).toThrow('type for example --sweep threads=1,2,4,8,16');
});
