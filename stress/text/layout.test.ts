// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from 'vitest';
import { clip, clock, columnsOf, command, count, frequency, plural, short, span, us, wrap } from './layout.ts';

test('numbers', () => {
  expect([count(1234567), count(0), plural(1, 'round'), plural(1200, 'round')]).toEqual([
    '1,234,567',
    '0',
    '1 round',
    '1,200 rounds',
  ]);
  expect([short(0), short(999), short(1000), short(1_240_000), short(7.5e9)]).toEqual([
    '0',
    '999',
    '1.00k',
    '1.24M',
    '7.50G',
  ]);
});

test('times', () => {
  expect([us(0), us(1234), us(1_234_567_890)]).toEqual(['0.00', '1.23', '1,234,567.89']);
  expect([clock(0), clock(13_999), clock(600_000), clock(3_725_000), clock(-1)]).toEqual([
    '00:00',
    '00:13',
    '10:00',
    '1:02:05',
    '00:00',
  ]);
  expect([span(850), span(3200), span(90_000), span(600_000)]).toEqual(['850 ms', '3.2 s', '1.5 min', '10 min']);
});

test.each([
  [0, 100, '0.00%'],
  [0, 0, '0.00%'],
  [1, 4, '25.00%'],
  [7, 7, '100.00%'],
  [1, 1_000_000, '<0.01%'],
  [999_999, 1_000_000, '>99.99%'],
  [1, 10_000, '0.01%'],
])('%d of %d is %s', (part, whole, text) => {
  expect(frequency(part, whole)).toBe(text);
});

test('wrap keeps every character but spaces, and the width', () => {
  const text = `one two three ${'x'.repeat(25)} four`;
  const lines = wrap(text, 12, '* ', '  ');
  expect(lines).toEqual(['* one two', '  three', `  ${'x'.repeat(10)}`, `  ${'x'.repeat(10)}`, '  xxxxx four']);
  expect(wrap('', 10, '> ')).toEqual(['> ']);
  expect(wrap('io_getevents(ctx=0x40012340, nr=8)', 20)).toEqual(['io_getevents(ctx=', '0x40012340, nr=8)']);
  expect(wrap('x'.repeat(10), 10)).toEqual(['x'.repeat(10)]);
});

test('a command over several lines is the same command', () => {
  const text = "npm run stress -- --threads 16 --scenario a_long_name --scenario 'another one'";
  const lines = command(text, 40);
  expect(lines.length).toBeGreaterThan(1);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
  expect(lines.join('\n').replace(/ \\\n +/g, ' ')).toBe(text);
  expect(lines.filter((line) => /--\w+( \\)?$/.test(line))).toEqual([]);
});

test('clip marks what it leaves out; colours take no columns', () => {
  expect([clip('abcdef', 6), clip('abcdef', 4), clip('abc', 0)]).toEqual(['abcdef', 'abc…', '…']);
  expect(columnsOf('\x1b[31mred\x1b[39m')).toBe(3);
});
