// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from 'vitest';
import { sweepFixture } from './fixture.test-data.ts';
import { fitLines, mostWaitedFor, scalingOf, sweepNotes } from './rows.ts';
import type { Sweep, UslFit } from './sweep_result.ts';
import { toSweepMarkdown, toSweepText } from './sweep_text.ts';

const plain = { color: false, width: 120 };
const [first, second] = sweepFixture.points as [Sweep['points'][0], Sweep['points'][0]];

test('speed-up and efficiency are those over the narrowest width', () => {
  expect(scalingOf(sweepFixture, first)).toEqual({ speedUp: 1, efficiency: 1 });
  const from2 = { ...sweepFixture, points: sweepFixture.points.slice(1) };
  const four = scalingOf(from2, from2.points[1] as Sweep['points'][0]);
  expect(four?.speedUp).toBeCloseTo(890 / 940, 9);
  expect(four?.efficiency).toBeCloseTo((890 / 940) * (2 / 4), 9);
});

test('the wait share is waiting over the time in system calls', () => {
  const inSyscalls = Object.values(second.latency).reduce((sum, { mean, samples }) => sum + mean * samples, 0);
  const waited = mostWaitedFor(second);
  expect(waited?.lock.class).toBe('completion_lock');
  expect(waited?.share).toBeCloseTo((waited?.lock.waitTotal ?? 0) / inSyscalls, 12);
  expect(mostWaitedFor(first)).toBeNull();
  expect(mostWaitedFor({ ...second, latency: {} })).toBeNull();
});

test('the terminal shows a line for each width, and the fit in sentences', () => {
  const lines = toSweepText(sweepFixture, plain).split('\n');
  expect(lines[0]).toBe('npm run stress -- --sweep threads=1,2,4,8,16 --minutes 5 --seed 42');
  const row = lines
    .find((line) => /^ +16 /.test(line))
    ?.trim()
    .split(/ {2,}/);
  expect(row).toEqual(['16', '5', '240,000', '± 2,400', '0.35', '2 %', 'completion_lock', '41.48%']);
  expect(lines.join('\n')).toMatch(/peak 2\.\d threads {2}more threads than that do less work/);
  for (const width of [60, 80, 120]) {
    const fit = toSweepText(sweepFixture, { color: false, width }).split('Law\n')[1] ?? '';
    for (const line of fit.split('\n')) expect(line.length).toBeLessThanOrEqual(width);
  }
});

test('the Markdown has one title, and the same figures', () => {
  const text = toSweepMarkdown(sweepFixture);
  expect(text.match(/^# /gm)).toHaveLength(1);
  expect(text).toContain('| 16 | 5 | 240,000 | ± 2,400 | 0.35 | 2 % | completion_lock | 41.48% |');
  expect(text).toContain('- **sigma 0**');
});

test('sigma says how much more any number of threads can do', () => {
  const meaning = (sigma: number) => fitLines({ ...sweepFixture, fit: { ...(sweepFixture.fit as UslFit), sigma } })[0];
  expect(meaning(0.2)).toEqual([
    'sigma 0.2',
    expect.stringMatching(/^20 % of the work .* than 5 times the work of one$/),
  ]);
  expect(meaning(1)?.[1]).toContain('more threads do no more');
  expect(meaning(0)?.[1]).toContain('none of the work');
});

test('a poor fit says so', () => {
  const meaning = (r2: number) => fitLines({ ...sweepFixture, fit: { ...(sweepFixture.fit as UslFit), r2 } })[2]?.[1];
  expect(meaning(0.95)).toBe('the law explains 95 % of the differences between the widths');
  expect(meaning(0.37)).toMatch(/explains 37 % .* mean little$/);
  expect(meaning(-0.2)).toMatch(/explains nothing .* mean little$/);
});

test('what no figure was found for is not shown as one', () => {
  expect(fitLines({ ...sweepFixture, points: [first, second], fit: null })).toEqual([
    ['no fit', expect.stringContaining('there are 2')],
  ]);
  const three = { ...sweepFixture, points: sweepFixture.points.slice(0, 3) };
  expect(fitLines(three)[2]?.[1]).toContain('it says nothing');
  expect(toSweepText({ ...sweepFixture, points: [], fit: null }, plain)).toContain('there are 0');
});

test('a sweep that was interrupted, or had more threads than cores, says so', () => {
  expect(sweepNotes(sweepFixture).join('\n')).toContain('2 cores: more than 2 threads take turns');
  expect(sweepNotes({ ...sweepFixture, points: [first] }).join('\n')).not.toContain('take turns');
  expect(sweepNotes({ ...sweepFixture, interrupted: true }).join('\n')).toContain('interrupted');
});
