// SPDX-License-Identifier: GPL-2.0-only
/** A run, from its folder. */
import type { Run } from '../report/result.ts';
import { RunFold } from './fold.ts';
import { judged } from './judged.ts';
import { readLog } from './reader.ts';

/** @throws LogError */
export function loadRun(folder: string): Run {
  const fold = new RunFold({ rounds: true, trace: true });
  readLog(folder, (record) => fold.add(record));
  fold.closeRound();
  const run = fold.run();
  return { ...run, result: judged(run.result) };
}
