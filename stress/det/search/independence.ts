// SPDX-License-Identifier: GPL-2.0-only
/**
 * What others do when they get the CPU's turn, until that CPU goes on; and whether it would have mattered had it taken
 * its next steps first.
 *
 * If those steps and what the others did touch nothing in common, and neither depends on the time, then to take the
 * turn away behind them gives the same values to everybody: the two schedules meet in one state when the CPU goes on.
 */
import { LOAD } from '../../../src/arch/sab/access.ts';
import { LOG_WORDS } from '../../../src/det/state.ts';
import { bytesOf, cpuOf, NO_ACCESS, ON_TIME, opOf } from '../../../src/det/step_log.ts';

/** Steps of a run: two words each, as the engine logs them. The first is number 1. */
export type StepLog = Int32Array;

export const stepCount = (log: StepLog): number => log.length / LOG_WORDS - 1;
const entryOf = (log: StepLog, step: number): number => log[step * LOG_WORDS + 1] as number;

const READ = 1;
const WRITTEN = 2;

/** Calls `f` for each word that a step touches. @returns whether `f` said so for one */
function someWord(log: StepLog, step: number, f: (word: number) => boolean): boolean {
  const addr = log[step * LOG_WORDS] as number;
  const last = (addr + Math.max(1, bytesOf(entryOf(log, step))) - 1) >> 2;
  for (let word = addr >> 2; word <= last; word++) if (f(word)) return true;
  return false;
}

export class Stretch {
  /** Whose turn was taken. */
  private readonly cpu: number;
  /** Steps before it. */
  private readonly from: number;
  private readonly touched = new Map<number, typeof READ | typeof WRITTEN>();
  /** Steps that the CPU takes by itself when it goes on, at least. */
  private alone = Number.POSITIVE_INFINITY;
  private stepsFirst = 0;
  private known = true;

  constructor(cpu: number, from: number) {
    this.cpu = cpu;
    this.from = from;
  }

  /** The step with which the CPU goes on, or the one behind the last. */
  private resumes(log: StepLog): number {
    const count = stepCount(log);
    let step = this.from + 1;
    while (step <= count && cpuOf(entryOf(log, step)) !== this.cpu) step++;
    return step;
  }

  /**
   * Takes in a run that begins with the turn taken away.
   * @param left - steps before the run's own last deviation
   * @param cut - steps before a state from which it was not looked at; what would have come then is not known
   */
  add(log: StepLog, left: number, cut: number): void {
    const resumes = this.resumes(log);
    // Until the CPU goes on it is like the run that it leaves.
    if (left >= resumes) return;
    if (cut < resumes || resumes === this.from + 1) this.known = false;
    for (let step = this.from + 1; step < resumes && this.known; step++) this.take(log, step);
    const count = stepCount(log);
    let next = resumes;
    while (next <= count && cpuOf(entryOf(log, next)) === this.cpu && opOf(entryOf(log, next)) !== NO_ACCESS) next++;
    if (next <= count) this.alone = Math.min(this.alone, next - resumes);
  }

  private take(log: StepLog, step: number): void {
    const op = opOf(entryOf(log, step));
    if (op === NO_ACCESS) {
      if (log[step * LOG_WORDS] === ON_TIME) this.known = false;
      return;
    }
    const how = op === LOAD ? READ : WRITTEN;
    someWord(log, step, (word) => {
      if (this.touched.get(word) !== WRITTEN) this.touched.set(word, how);
      return false;
    });
  }

  /** Whether the CPU might as well take these steps of its own first, and those asked for before. */
  isLikeAfter(log: StepLog, first: number, last: number): boolean {
    this.stepsFirst += last - first + 1;
    if (!this.known || this.stepsFirst > this.alone) return false;
    for (let step = first; step <= last; step++) {
      const op = opOf(entryOf(log, step));
      if (op === NO_ACCESS || cpuOf(entryOf(log, step)) !== this.cpu) return false;
      const meets = someWord(log, step, (word) => {
        const how = this.touched.get(word);
        return how === WRITTEN || (how === READ && op !== LOAD);
      });
      if (meets) return false;
    }
    return true;
  }
}
