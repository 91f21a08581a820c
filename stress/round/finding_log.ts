// SPDX-License-Identifier: GPL-2.0-only
/** Writes findings to the log: the first of a kind in a case whole, each later one as a short line. */
import { wall_clock } from '../../src/arch/sab/clock.ts';
import type { OopsRecord } from '../../src/kernel/oops.ts';
import { signature } from '../log/case_fold.ts';
import type { RunLog } from '../log/run_log.ts';
import type { Explained, Finding } from '../result/run_result.ts';
import { classify, type Ran } from '../scenarios/known.ts';
import { sourceFrame } from './source_lines.ts';

/** What a finding was found in. */
export interface Place extends Ran {
  /** Of the round, or batch of schedules. */
  readonly n: number;
  /** Of the case. */
  readonly index: number;
  /** Operations of the round so far. */
  readonly operations: Readonly<Record<string, number>>;
}

export class FindingLog {
  protected readonly log: RunLog;
  private readonly startedNs = wall_clock();
  /** Number of each signature in each case. */
  private readonly ids = new Map<string, number>();

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

  /**
   * @param ranMs - how long user space had run in the round
   * @param schedule - makes the word that replays it; null where free threads found it
   * @returns whether it is news: v3.17 is not known to have the bug, or this is what the case is to show
   */
  protected find(place: Place, record: OopsRecord, ranMs: number, schedule: (() => string) | null): boolean {
    const { n, index, operations } = place;
    const taken = classify(record, place, operations);
    const key = `${index}|${signature(record)}`;
    const seen = this.ids.get(key);
    if (seen !== undefined) {
      this.log.write({ t: 'again', n, id: seen, ranMs });
    } else {
      const id = this.ids.size;
      this.ids.set(key, id);
      const stack = record.stack.map(sourceFrame);
      const replay = schedule === null ? {} : { schedule: schedule() };
      this.log.write({ t: 'finding', n, id, ranMs, ...taken, record: { ...record, stack }, ...replay });
    }
    return taken.known === null || taken.expected;
  }
}
