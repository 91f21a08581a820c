// SPDX-License-Identifier: GPL-2.0-only
/** A run, from its folder. */
import type { Run } from '../result/run_result.ts';
import { type Keep, RunFold } from './fold.ts';
import { judged } from './judged.ts';
import { readLog } from './reader.ts';

/** @param keep - what is wanted besides the result @throws LogError */
export function loadRun(folder: string, keep: Keep = { rounds: true, trace: true }): Run {
  const fold = new RunFold(keep);
  readLog(folder, (record) => fold.add(record));
  fold.closeRound();
  const run = fold.run();
  return { ...run, result: judged(run.result) };
}
