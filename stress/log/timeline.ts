// SPDX-License-Identifier: GPL-2.0-only
/**
 * The timeline of a run, in a bounded number of points: when there are too many, each two neighbours become one, and
 * from then on as many samples go into each new one.
 */
import { ACTIVITY_LETTERS, type TimelinePoint } from '../result/run_result.ts';
import type { SampleRecord } from './records.ts';

/** At most twice as many for a moment. */
const POINTS = 600;

interface Stretch {
  from: number;
  to: number;
  spanMs: number;
  scenario: number;
  events: number;
  gracePeriods: number;
  /** Sums over the samples that had a context, and their number. */
  occupancy: number;
  freeSlots: number;
  withContexts: number;
  contexts: number;
  samples: number;
  /** For each CPU how often each letter was seen. */
  letters: number[][];
}

function stretchOf(sample: SampleRecord, scenario: number, offsetMs: number): Stretch {
  const { ms, spanMs, events, gracePeriods, occupancy, freeSlots, contexts, activity } = sample;
  return {
    from: offsetMs + ms - spanMs / 2,
    to: offsetMs + ms + spanMs / 2,
    spanMs,
    scenario,
    events,
    gracePeriods,
    occupancy: occupancy ?? 0,
    freeSlots: freeSlots ?? 0,
    withContexts: occupancy === null ? 0 : 1,
    contexts,
    samples: 1,
    letters: [...activity].map((letter) => [...ACTIVITY_LETTERS].map((l) => (l === letter ? 1 : 0))),
  };
}

function join(a: Stretch, b: Stretch): Stretch {
  return {
    from: a.from,
    to: b.to,
    spanMs: a.spanMs + b.spanMs,
    scenario: b.spanMs > a.spanMs ? b.scenario : a.scenario,
    events: a.events + b.events,
    gracePeriods: a.gracePeriods + b.gracePeriods,
    occupancy: a.occupancy + b.occupancy,
    freeSlots: a.freeSlots + b.freeSlots,
    withContexts: a.withContexts + b.withContexts,
    contexts: a.contexts + b.contexts,
    samples: a.samples + b.samples,
    letters: a.letters.map((row, cpu) => row.map((n, i) => n + (b.letters[cpu]?.[i] ?? 0))),
  };
}

const mostSeen = (row: readonly number[]): string => ACTIVITY_LETTERS[row.indexOf(Math.max(...row))] ?? 'i';

function pointOf(s: Stretch): TimelinePoint {
  const perSecond = (n: number): number => (s.spanMs === 0 ? 0 : (1000 * n) / s.spanMs);
  const share = (sum: number): number | null => (s.withContexts === 0 ? null : sum / s.withContexts);
  return {
    ms: (s.from + s.to) / 2,
    scenario: s.scenario,
    eventsPerSecond: perSecond(s.events),
    occupancy: share(s.occupancy),
    freeSlots: share(s.freeSlots),
    contexts: s.contexts / s.samples,
    gracePeriodsPerSecond: perSecond(s.gracePeriods),
    activity: s.letters.map(mostSeen).join(''),
  };
}

export class Timeline {
  private stretches: Stretch[] = [];
  /** Samples that go into one stretch. */
  private each = 1;

  /** @param offsetMs - of the log's part, in a merged run */
  add(sample: SampleRecord, scenario: number, offsetMs: number): void {
    const next = stretchOf(sample, scenario, offsetMs);
    const last = this.stretches.at(-1);
    if (last !== undefined && last.samples < this.each) this.stretches[this.stretches.length - 1] = join(last, next);
    else this.stretches.push(next);
    if (this.stretches.length < 2 * POINTS) return;
    this.stretches = Array.from({ length: POINTS }, (_, i) =>
      join(this.stretches[2 * i] as Stretch, this.stretches[2 * i + 1] as Stretch),
    );
    this.each *= 2;
  }

  points(): TimelinePoint[] {
    return this.stretches.map(pointOf);
  }
}
