// SPDX-License-Identifier: GPL-2.0-only
/**
 * Writes down what the deterministic engine does, in the same log as any run: a round is a batch of schedules of one
 * case, and its figures are their sums.
 */
import { wall_clock } from '../../src/arch/sab/clock.ts';
import type { OopsRecord } from '../../src/kernel/oops.ts';
import { signature } from '../log/case_fold.ts';
import type { RunLog } from '../log/run_log.ts';
import type { Explained, Finding, Schedules } from '../result/run_result.ts';
import { sourceFrame } from '../round/source_lines.ts';
import { classify } from '../scenarios/known.ts';
import type { DetResult } from './round.ts';
import type { Counts } from './search/tally.ts';

/** What is known of a batch beside its counts. */
export type BatchNotes = Pick<Schedules, 'pctBound' | 'search'>;

export class DetRecorder {
  private readonly log: RunLog;
  private readonly startedNs = wall_clock();
  /** Number of each signature in each case. */
  private readonly ids = new Map<string, number>();

  // The batch under way.
  private index = 0;
  private reverted: readonly string[] = [];
  private n = -1;
  private batchMs = 0;
  private operations: Record<string, number> = {};
  private firstFinding: number | null = null;
  private inconclusive: string | null = null;

  constructor(log: RunLog) {
    this.log = log;
  }

  /** since the start of the run */
  elapsedMs(): number {
    return (wall_clock() - this.startedNs) / 1e6;
  }

  /** @param index - of the case, in which the finding has been recorded */
  explain(index: number, finding: Finding, explained: Explained): void {
    const id = this.ids.get(`${index}|${signature(finding)}`);
    if (id !== undefined) this.log.write({ t: 'explained', id, explained });
  }

  /** @param index - of the case */
  begin(n: number, index: number, reverted: readonly string[], seed: number): void {
    this.index = index;
    this.reverted = reverted;
    this.n = n;
    this.batchMs = this.elapsedMs();
    this.operations = {};
    this.firstFinding = null;
    this.inconclusive = null;
    this.log.write({ t: 'round', n, case: index, seed, ms: this.batchMs });
  }

  /**
   * Takes what a schedule came to.
   * @param number - of the schedule in its case
   * @param word - makes what replays it
   * @returns whether it showed something that v3.17 is not known to have
   */
  add(number: number, result: DetResult, word: () => string): boolean {
    for (const [name, n] of Object.entries(result.operations)) {
      this.operations[name] = (this.operations[name] ?? 0) + n;
    }
    this.inconclusive = result.inconclusive ?? this.inconclusive;
    let isNews = false;
    for (const record of result.records) {
      if (!this.finding(record, result, word)) continue;
      isNews = true;
      this.firstFinding ??= number;
    }
    if (result.records.length > 0) this.log.sync();
    return isNews;
  }

  private finding(record: OopsRecord, { operations }: DetResult, word: () => string): boolean {
    const taken = classify(record, this.reverted, operations);
    const key = `${this.index}|${signature(record)}`;
    const ranMs = this.elapsedMs() - this.batchMs;
    const seen = this.ids.get(key);
    if (seen !== undefined) {
      this.log.write({ t: 'again', n: this.n, id: seen, ranMs });
    } else {
      const id = this.ids.size;
      this.ids.set(key, id);
      const stack = record.stack.map(sourceFrame);
      this.log.write({ t: 'finding', n: this.n, id, ranMs, ...taken, record: { ...record, stack }, schedule: word() });
    }
    return taken.known === null;
  }

  end(counts: Counts, notes: BatchNotes): void {
    const elapsedMs = this.elapsedMs() - this.batchMs;
    const { operations, firstFinding, inconclusive, n } = this;
    const schedules: Schedules = { ...counts, ...notes, firstFinding };
    const whole = counts.whole === counts.schedules;
    const none = { latency: {}, locks: [], roles: {} };
    const why = inconclusive === null ? {} : { inconclusive };
    this.log.write({ t: 'done', n, whole, ...why, ranMs: elapsedMs, elapsedMs, operations, ...none, schedules });
  }
}
