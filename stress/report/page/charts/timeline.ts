// SPDX-License-Identifier: GPL-2.0-only
/** The stretches of a run: from when to when, and what was under way. */
import { buildText } from '../../../result/labels.ts';
import type { RunResult, ScenarioResult } from '../../../result/run_result.ts';
import { clock } from '../../../text/layout.ts';

export interface Stretch {
  /** s since the start of the run */
  readonly from: number;
  readonly to: number;
  readonly scenario: ScenarioResult | null;
}

/** A stretch reaches to the middle between it and the next. */
export function stretchesOf({ timeline, scenarios, elapsedMs }: RunResult): Stretch[] {
  const [only, more] = timeline;
  if (only !== undefined && more === undefined) {
    return [{ from: 0, to: Math.max(elapsedMs, only.ms) / 1000, scenario: scenarios[only.scenario] ?? null }];
  }
  return timeline.map((point, i) => {
    const before = timeline[i - 1];
    const after = timeline[i + 1];
    const half =
      after !== undefined ? (after.ms - point.ms) / 2 : before !== undefined ? (point.ms - before.ms) / 2 : 0;
    return {
      from: (before === undefined ? Math.max(0, point.ms - half) : (before.ms + point.ms) / 2) / 1000,
      to: (after === undefined ? Math.min(Math.max(elapsedMs, point.ms), point.ms + half) : point.ms + half) / 1000,
      scenario: scenarios[point.scenario] ?? null,
    };
  });
}

/** End of the axis, s. */
export const endOf = ({ timeline, elapsedMs }: RunResult): number =>
  Math.max(elapsedMs, timeline.at(-1)?.ms ?? 0, 1) / 1000;

export const whoOf = (scenario: ScenarioResult | null): string => {
  if (scenario === null) return '';
  return `${scenario.name}, ${buildText(scenario)}`;
};

/** `12.5 s`, `3:05`, `1:02:05` */
export function clockOf(seconds: number): string {
  if (seconds < 120) return `${Number(seconds.toFixed(1))} s`;
  return clock(1000 * Math.round(seconds)).replace(/^0(?=\d:)/, '');
}
