// SPDX-License-Identifier: GPL-2.0-only
/** What a run of the fuzzer has reached: how often each call was answered in each way. */
import type { Answer } from '../trace/kinds.ts';
import type { Trace } from '../trace/trace.ts';

export class Tally {
  cases = 0;
  ops = 0;
  /** By call, then by answer: `0`, `n` for counts, or the error. */
  readonly answers = new Map<string, Map<string, number>>();
  /** Cases in which a known difference was met, by its row. */
  readonly rows = new Map<string, number>();

  /** @param answers - of the ops that were compared */
  add({ ops }: Trace, answers: readonly Answer[], rows: readonly string[]): void {
    this.cases++;
    this.ops += answers.length;
    answers.forEach(({ ret }, i) => {
      const call = ops[i]?.op ?? '';
      if (!call.startsWith('io_') || ret === undefined) return;
      const counts = this.answers.get(call) ?? new Map<string, number>();
      this.answers.set(call, counts);
      const said = typeof ret !== 'number' ? String(ret) : ret === 0 ? '0' : 'n';
      counts.set(said, (counts.get(said) ?? 0) + 1);
    });
    for (const row of rows) this.rows.set(row, (this.rows.get(row) ?? 0) + 1);
  }
}
