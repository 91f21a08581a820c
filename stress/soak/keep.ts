// SPDX-License-Identifier: GPL-2.0-only
/**
 * What is left of each run on the disk: the worst runs whole, the event logs of the others for the merged report. What
 * does not fit into the budget goes, and the best goes first. A disk that others fill takes no log: of a log the
 * reports can be made again.
 */
import { rankOf } from '../cli/exit_code.ts';
import type { Kept, SoakRun } from './soak_result.ts';

export interface KeepRule {
  /** Runs that are kept whole. */
  readonly keep: number;
  readonly budgetBytes: number;
}

const ORDER: readonly Kept[] = ['nothing', 'log', 'whole'];
/** What is gone stays gone. */
const atMost = (now: Kept, wanted: Kept): Kept => (ORDER.indexOf(wanted) < ORDER.indexOf(now) ? wanted : now);

/** By verdict, and slow before fast: a run that gets less done than the others may be about to hang. */
export const worstFirst = (runs: readonly SoakRun[]): SoakRun[] =>
  [...runs].sort(
    (a, b) => rankOf(a.exitCode) - rankOf(b.exitCode) || a.eventsPerSecond - b.eventsPerSecond || a.number - b.number,
  );

/** Whether it goes into the merged report. Runs that repeat a failure do not: they would count a rare one often. */
export const isMerged = ({ rerunOf, kept }: SoakRun): boolean => rerunOf === null && kept !== 'nothing';

/** What a run takes, its copy in the merged log included. */
function bytesOf(run: SoakRun, kept: Kept): number {
  if (kept === 'nothing') return 0;
  const copy = run.rerunOf === null ? run.logBytes : 0;
  return (kept === 'whole' ? run.bytes : run.logBytes) + copy;
}

/** What runs take as they are kept, merged report included. */
export const bytesNeeded = (runs: readonly SoakRun[]): number =>
  runs.reduce((sum, run) => sum + bytesOf(run, run.kept), 0);

/** @param roomBytes - what the disk has room for @returns what is to be left of each run, by number */
export function whatToKeep(
  runs: readonly SoakRun[],
  { keep, budgetBytes }: KeepRule,
  roomBytes = Number.POSITIVE_INFINITY,
): Map<number, Kept> {
  const order = worstFirst(runs.filter(({ folder }) => folder !== null));
  const kept = new Map<number, Kept>();
  for (const [i, run] of order.entries()) {
    kept.set(run.number, atMost(run.kept, i < keep ? 'whole' : run.rerunOf === null ? 'log' : 'nothing'));
  }
  const needed = (): number => order.reduce((sum, run) => sum + bytesOf(run, kept.get(run.number) as Kept), 0);
  /** The very worst run stays. */
  const reduce = (most: number, to: (run: SoakRun) => Kept): void => {
    for (const run of order.slice(1).reverse()) {
      if (needed() <= most) return;
      kept.set(run.number, atMost(kept.get(run.number) as Kept, to(run)));
    }
  };
  reduce(roomBytes, () => 'log');
  reduce(budgetBytes, (run) => (run.rerunOf === null ? 'log' : 'nothing'));
  reduce(budgetBytes, () => 'nothing');
  return kept;
}
