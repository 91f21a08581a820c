// SPDX-License-Identifier: GPL-2.0-only
/**
 * Merges runs, such as the shards of one: their logs one behind the other, in a folder of its own. What is made of that
 * log is the merged run: counts add up, histograms too, and findings with the same signature are one.
 */
import { existsSync, readdirSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { makeFolder } from '../cli/folder.ts';
import type { Run } from '../report/result.ts';
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

/** What the first line of each part says, read before anything is written. */
function headsOf(folder: string): RunRecord[] {
  const heads: RunRecord[] = [];
  readLog(folder, (record) => {
    if (record.t === 'run') heads.push(record);
  });
  return heads;
}

/** What must be the same, or the figures are not of one thing. */
function checkAlike(heads: readonly { readonly folder: string; readonly head: RunRecord }[]): void {
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

function checkOutput(output: string): void {
  if (!existsSync(output)) return;
  let inside: readonly string[];
  try {
    inside = readdirSync(output);
  } catch {
    throw new LogError(`--output '${output}' is a file; name a folder that is not there yet, or is empty.`);
  }
  if (inside.length > 0) {
    throw new LogError(
      `--output '${output}' is not empty, and nothing is overwritten; name a folder that is not there yet.`,
    );
  }
}

/**
 * @param folders - of runs, merged or not; each once
 * @param output - a folder that is not there yet, or is empty
 * @throws LogError before anything is written
 */
export function mergeRuns(folders: readonly string[], output: string): Run {
  const twice = folders.find((folder, i) => folders.findIndex((other) => resolve(other) === resolve(folder)) !== i);
  if (twice !== undefined) throw new LogError(`'${twice}' is named twice, and its counts would count twice.`);
  checkAlike(folders.flatMap((folder) => headsOf(folder).map((head) => ({ folder, head }))));
  const parts: Part[] = folders.map((folder) => ({
    folder,
    from: { folder: basename(resolve(folder)), verdict: loadRun(folder, RESULT_ONLY).result.verdict },
  }));
  checkOutput(output);
  makeFolder(output);
  const log = new LogWriter(output);
  const fold = new RunFold({ rounds: false, trace: true });
  let windowBytes = 0;
  log.write({ t: 'merge', log: LOG_VERSION, folders: parts.map(({ from }) => from.folder) });
  for (const { folder, from } of parts) {
    readLog(folder, (record) => {
      if (record.t === 'merge') return;
      if (record.t === 'trace') {
        windowBytes += JSON.stringify(record).length;
        if (windowBytes > WINDOWS_BYTES_MAX) return;
      }
      // A part of a merged run says already where it is from.
      const line = record.t === 'run' ? { ...record, from: record.from ?? from } : record;
      log.write(line);
      fold.add(line);
    });
  }
  fold.closeRound();
  log.close();
  const run = fold.run();
  return { ...run, result: judged(run.result) };
}
