// SPDX-License-Identifier: GPL-2.0-only
/**
 * Writes down what the deterministic engine does, in the same log as any run: a round is a batch of schedules of one
 * case, and its figures are their sums.
 */
import type { Schedules } from '../result/run_result.ts';
import { FindingLog } from '../round/finding_log.ts';
import type { Ran } from '../scenarios/known.ts';
import type { DetResult } from './round.ts';
import type { Counts } from './search/tally.ts';

/** What is known of a batch beside its counts. */
export type BatchNotes = Pick<Schedules, 'pctBound' | 'search'>;

export class DetRecorder extends FindingLog {
  // The batch under way.
  private index = 0;
  private ran: Ran = { reverted: [] };
  private n = -1;
  private batchMs = 0;
  private operations: Record<string, number> = {};
  private firstFinding: number | null = null;
  private inconclusive: string | null = null;

  /** @param index - of the case */
  begin(n: number, index: number, ran: Ran, seed: number): void {
    this.index = index;
    this.ran = ran;
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
   * @returns whether it showed news
   */
  add(number: number, result: DetResult, word: () => string): boolean {
    for (const [name, n] of Object.entries(result.operations)) {
      this.operations[name] = (this.operations[name] ?? 0) + n;
    }
    this.inconclusive = result.inconclusive ?? this.inconclusive;
    let isNews = false;
    for (const record of result.records) {
      const { n, index, ran } = this;
      const place = { ...ran, n, index, operations: result.operations };
      if (!this.find(place, record, this.elapsedMs() - this.batchMs, word)) continue;
      isNews = true;
      this.firstFinding ??= number;
    }
    if (result.records.length > 0) this.log.sync();
    return isNews;
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
