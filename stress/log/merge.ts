// SPDX-License-Identifier: GPL-2.0-only
/**
 * Merges runs, such as the shards of one: their logs one behind the other, in a folder of its own. What is made of that
 * log is the merged run: counts add up, histograms too, and findings with the same signature are one.
 */
import { basename, resolve } from 'node:path';
import { checkEmpty } from '../cli/output.ts';
import type { Run } from '../result/run_result.ts';
import { type Keep, RunFold } from './fold.ts';
import { judged } from './judged.ts';
import { loadRun } from './load.ts';
import { LogError, readLog } from './reader.ts';
import { LOG_VERSION, type MergedFrom, type RunRecord } from './records.ts';
import { LogWriter } from './writer.ts';

const RESULT_ONLY: Keep = { rounds: false, trace: false };
/** A merged run keeps no more of the windows of its parts than this; each part's own log has all of them. */
const WINDOWS_BYTES_MAX = 16 * 1024 * 1024;

interface Part {
  readonly folder: string;
  readonly from: MergedFrom;
}

/** A run that is to be merged, and the folder that has it. */
interface Head {
  readonly folder: string;
  readonly head: RunRecord;
}

/** What the first line of each part says, read before anything is written. */
function headsOf(folder: string): Head[] {
  const heads: Head[] = [];
  readLog(folder, (record) => {
    if (record.t === 'run') heads.push({ folder, head: record });
  });
  return heads;
}

/** The same for a run wherever its folder has been copied, linked or merged to. */
const identity = ({ head }: Head): string => JSON.stringify({ ...head, log: 0, from: null });

/** The counts of a run that is there twice would count twice. */
function checkDifferent(heads: readonly Head[]): void {
  const seen = new Map<string, Head>();
  for (const one of heads) {
    const { folder, head } = one;
    const other = seen.get(identity(one));
    if (other !== undefined) {
      throw new LogError(
        `'${folder}' and '${other.folder}' have the same run, of ${head.startedAt} with seed ` +
          `${head.parameters.seed}, and its counts would count twice; leave one of them out.`,
      );
    }
    seen.set(identity(one), one);
  }
}

/** What must be the same, or the figures are not of one thing. */
function checkAlike(heads: readonly Head[]): void {
  const [first] = heads;
  if (first === undefined) throw new LogError('There is nothing to merge; name the folders of two runs or more.');
  const ask: readonly (readonly [what: string, of: (head: RunRecord) => string])[] = [
    ['tool', ({ environment }) => environment.tool],
    ['commit', ({ environment }) => environment.commit],
    ['threads', ({ parameters }) => String(parameters.threads)],
    ['--sanitize', ({ parameters }) => parameters.sanitize],
    ['--perturb', ({ parameters }) => parameters.perturb],
    ['RAM (MiB)', ({ parameters }) => String(parameters.arenaMib)],
  ];
  for (const [what, of] of ask) {
    const other = heads.find(({ head }) => of(head) !== of(first.head));
    if (other === undefined) continue;
    throw new LogError(
      `Runs of different ${what} cannot be merged: '${first.folder}' has ${of(first.head)}, ` +
        `'${other.folder}' has ${of(other.head)}.`,
    );
  }
}

/** What merging has made. */
export interface Merged {
  readonly run: Run;
  /** Why there is no merged log, a sentence; null if there is one. */
  readonly cut: string | null;
}

/**
 * @param folders - of runs, merged or not; each once
 * @param output - a folder that is not there yet, or is empty
 * @throws UsageError before anything is written
 */
export function mergeRuns(folders: readonly string[], output: string): Merged {
  const heads = folders.flatMap(headsOf);
  checkDifferent(heads);
  checkAlike(heads);
  const parts: Part[] = folders.map((folder) => ({
    folder,
    from: { folder: basename(resolve(folder)), verdict: loadRun(folder, RESULT_ONLY).result.verdict },
  }));
  checkEmpty(output);
  const log = new LogWriter(output);
  const fold = new RunFold({ rounds: false, trace: true });
  let windowBytes = 0;
  log.write({ t: 'merge', log: LOG_VERSION, folders: parts.map(({ from }) => from.folder), runs: heads.length });
  for (const { folder, from } of parts) {
    readLog(folder, (record) => {
      if (record.t === 'merge') return;
      if (record.t === 'trace') {
        windowBytes += JSON.stringify(record).length;
        if (windowBytes > WINDOWS_BYTES_MAX) return;
      }
      // A part of a merged run says already where it is from.
      const line = record.t === 'run' ? { ...record, log: LOG_VERSION, from: record.from ?? from } : record;
      log.write(line);
      fold.add(line);
    });
  }
  fold.closeRound();
  log.close();
  const run = fold.run();
  // The parts have all of it, and the reports need the room.
  if (log.cut !== null) log.discard();
  return { run: { ...run, result: judged(run.result) }, cut: log.cut };
}
