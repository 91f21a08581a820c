// SPDX-License-Identifier: GPL-2.0-only
/** How a run gets on, on stderr: one line that is redrawn on a terminal, a line of its own each 15 s elsewhere. */
import { sched_clock } from '../../src/arch/sab/clock.ts';
import { clip, clock, plural, short } from '../text/layout.ts';
import type { Output } from './streams.ts';

export interface ProgressState {
  readonly elapsedMs: number;
  readonly totalMs: number;
  readonly seed: number;
  readonly scenario: string;
  /** `patched`, `reverted` or `applied` */
  readonly build: string;
  readonly round: number;
  readonly eventsPerSecond: number;
  /** Of the deterministic engine. */
  readonly schedules?: number;
  /** Reverted builds that have shown their race, of those that are run. */
  readonly surfaced: number;
  readonly toSurface: number;
  readonly findings: number;
}

/** The part of an Output that is used. */
export type ProgressStream = Pick<Output, 'isTTY' | 'columns' | 'write'>;

export interface ProgressContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** ms, from any start */
  readonly now: () => number;
}

const REDRAW_MS = 100;
const LINE_MS = 15_000;
const CLEAR_LINE = '\r\x1b[2K';

/** `[00:13/01:00] seed 42  head_lost/reverted  round 12  1.24M events/s  surfaced 3/5  findings 2` */
export function progressLine(state: ProgressState): string {
  return [
    `[${clock(state.elapsedMs)}/${clock(state.totalMs)}] seed ${state.seed}`,
    `${state.scenario}/${state.build}`,
    ...(state.schedules === undefined
      ? [`round ${state.round}`, `${short(state.eventsPerSecond)} events/s`]
      : [plural(state.schedules, 'schedule')]),
    ...(state.toSurface > 0 ? [`surfaced ${state.surfaced}/${state.toSurface}`] : []),
    `findings ${state.findings}`,
  ].join('  ');
}

/** One line that says how something gets on. */
export class ProgressLine {
  private readonly stream: ProgressStream;
  private readonly now: () => number;
  private readonly redraws: boolean;
  private over = false;
  private drawnAt = Number.NEGATIVE_INFINITY;
  /** Not yet drawn. */
  private pending: (() => string) | null = null;

  constructor(stream: ProgressStream, context: ProgressContext = { env: process.env, now: () => sched_clock() / 1e6 }) {
    const { CI, TERM } = context.env;
    this.stream = stream;
    this.now = context.now;
    this.redraws = stream.isTTY && (CI === undefined || CI === '' || CI === 'false') && TERM !== 'dumb';
  }

  /** @param line - what there is to say now; asked if it is drawn */
  show(line: () => string): void {
    if (this.over) return;
    this.pending = line;
    if (this.now() - this.drawnAt >= (this.redraws ? REDRAW_MS : LINE_MS)) this.draw();
  }

  /** Leaves the last state on a line of its own, and shows nothing more. */
  finish(): void {
    this.over = true;
    this.draw();
    if (this.redraws && this.drawnAt > Number.NEGATIVE_INFINITY) this.stream.write('\n');
  }

  private draw(): void {
    if (this.pending === null) return;
    const line = this.pending();
    this.pending = null;
    this.drawnAt = this.now();
    // the last column stays empty: a cursor behind it would be on the next line
    this.stream.write(this.redraws ? `${CLEAR_LINE}${clip(line, (this.stream.columns ?? 80) - 1)}` : `${line}\n`);
  }
}

export class Progress extends ProgressLine {
  update(state: ProgressState): void {
    this.show(() => progressLine(state));
  }
}
