// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from 'vitest';
import { Progress, type ProgressState, type ProgressStream, progressLine } from './progress.ts';

const state: ProgressState = {
  elapsedMs: 13_400,
  totalMs: 60_000,
  seed: 42,
  scenario: 'head_lost_in_page_migration',
  build: 'reverted',
  round: 12,
  eventsPerSecond: 1_240_000,
  surfaced: 3,
  toSurface: 5,
  findings: 2,
};

class Stream implements ProgressStream {
  isTTY = true;
  columns = 80;
  readonly written: string[] = [];
  write(text: string): void {
    this.written.push(text);
  }
}

/** A display, the stream it is on, and its clock. */
function display(env: Record<string, string> = {}, isTTY = true) {
  const stream = new Stream();
  stream.isTTY = isTTY;
  const clock = { ms: 0 };
  const progress = new Progress(stream, { env, now: () => clock.ms });
  return { stream, clock, progress };
}

test('the line', () => {
  expect(progressLine(state)).toBe(
    '[00:13/01:00] seed 42  head_lost_in_page_migration/reverted  round 12  1.24M events/s  surfaced 3/5  findings 2',
  );
  expect(progressLine({ ...state, toSurface: 0 })).not.toContain('surfaced');
});

test('a terminal is redrawn at most ten times a second', () => {
  const { stream, clock, progress } = display();
  for (clock.ms = 0; clock.ms < 1000; clock.ms += 10) progress.update({ ...state, round: clock.ms });
  expect(stream.written).toHaveLength(10);
  expect(stream.written.every((text) => text.startsWith('\r\x1b[2K') && !text.includes('\n'))).toBe(true);
});

test('a terminal’s line is clipped below its width', () => {
  const { stream, progress } = display();
  stream.columns = 40;
  progress.update(state);
  expect(stream.written[0]).toBe(`\r\x1b[2K${progressLine(state).slice(0, 38)}…`);
});

test.each([
  ['not a terminal', {}, false],
  ['CI', { CI: 'true' }, true],
  ['a dumb terminal', { TERM: 'dumb' }, true],
] as const)('%s gets whole lines, one each 15 s, without control characters', (_, env, isTTY) => {
  const { stream, clock, progress } = display(env, isTTY);
  for (clock.ms = 0; clock.ms < 46_000; clock.ms += 500) progress.update(state);
  expect(stream.written).toEqual(Array.from({ length: 4 }, () => `${progressLine(state)}\n`));
});

test('CI=false is no CI', () => {
  const { stream, progress } = display({ CI: 'false' });
  progress.update(state);
  expect(stream.written[0]).toContain('\x1b[2K');
});

test('the end shows the last state, once, and leaves the line', () => {
  const { stream, clock, progress } = display();
  progress.update(state);
  clock.ms = 50;
  progress.update({ ...state, round: 99 });
  expect(stream.written).toHaveLength(1);
  progress.finish();
  expect(stream.written.slice(1).join('')).toMatch(/round 99.*\n$/);
});

test('without an update nothing is written', () => {
  const { stream, progress } = display();
  progress.finish();
  expect(stream.written).toEqual([]);
});

test('after the end nothing is drawn: the result has been printed', () => {
  const { stream, progress } = display();
  progress.update(state);
  progress.finish();
  const before = stream.written.length;
  progress.update({ ...state, round: 100 });
  progress.finish();
  expect(stream.written.slice(before).join('')).not.toContain('round 100');
});
