// SPDX-License-Identifier: GPL-2.0-only
/**
 * A soak: runs, one after the other, until the time or the disk is used up, or a signal comes. Between two runs it is
 * decided what is left of each; at the end all that have a log become one report. A disk that others fill costs what
 * cannot be written, and nothing else: what a run found it has printed.
 *
 *   reports/<utc>-<seed>/
 *     soak.json, soak.md
 *     merged/                  all runs as one
 *     runs/<utc>-<seed>/, …    each run: the worst whole, of the others the event log
 */
import { rmSync, statfsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { sched_clock } from '../../src/arch/sab/clock.ts';
import { exitWith, worstExit } from '../cli/exit_code.ts';
import { Files } from '../cli/files.ts';
import { runFolder, WriteError } from '../cli/folder.ts';
import type { Interrupt } from '../cli/interrupt.ts';
import { shellWord } from '../cli/shell.ts';
import { environment } from '../host/environment.ts';
import { loadRun } from '../log/load.ts';
import { mergeRuns } from '../log/merge.ts';
import { toConsole } from '../report/printers/console.ts';
import { renderCommand, writeReports } from '../report/write.ts';
import type { Run, Verdict } from '../result/run_result.ts';
import { VERDICTS } from '../result/run_result.ts';
import { runStress, type StressRun } from '../run/child_run.ts';
import { failed, mayRerun, nextRunMs, seedOf } from './budget.ts';
import { prune, sizesOf } from './folders.ts';
import { bytesNeeded, isMerged, whatToKeep } from './keep.ts';
import { failureRates } from './rates.ts';
import type { SoakOptions } from './soak_options.ts';
import { SOAK_SCHEMA_VERSION, type Soak, type SoakRun } from './soak_result.ts';
import { againOf, runLine, toSoakMarkdown } from './soak_text.ts';

/** A harness that fails so often in a row will go on failing. */
const FAILURES_IN_A_ROW = 3;
/** Room on the disk for the soak's own files and the reports of all runs. */
const RESERVE_BYTES = 2 * 2 ** 20;

const verdictOf = (exitCode: number): Verdict =>
  (Object.keys(VERDICTS) as Verdict[]).find((name) => VERDICTS[name] === exitCode) ?? 'interrupted';

/** A run's log, or why it cannot be read. */
function load(folder: string | null): Run | string {
  if (folder === null) return 'it made no folder';
  try {
    return loadRun(folder);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** What was merged. */
interface MergedRuns {
  /** Its folder's name; null if there is none. */
  readonly merged: string | null;
  /** Whether a part of it could not be written. */
  readonly lost: boolean;
}

export class Soaking {
  readonly at: string;
  private readonly files = new Files();
  private readonly options: SoakOptions;
  private readonly interrupt: Interrupt;
  private readonly tell: (line: string) => void;
  private readonly startedAt = new Date().toISOString();
  private readonly startedMs = sched_clock() / 1e6;
  private runs: SoakRun[] = [];
  private rerunMs = 0;
  /** What the last run took beside the time that it was given: threads start, reports are written. */
  private besideMs = 0;
  private ended: string | null = null;

  constructor(options: SoakOptions, interrupt: Interrupt, tell: (line: string) => void) {
    this.options = options;
    this.interrupt = interrupt;
    this.tell = tell;
    this.at = runFolder(options.output, this.startedAt, options.seed);
  }

  private elapsedMs(): number {
    return sched_clock() / 1e6 - this.startedMs;
  }

  private folderOf({ folder }: SoakRun): string {
    return join(this.at, 'runs', folder ?? '');
  }

  /** Runs a seed once. @returns null if there is no time for it, or no reason to go on */
  private async once(seed: number, rerunOf: number | null): Promise<SoakRun | null> {
    const { options, interrupt } = this;
    const leftMs = options.durationMs - this.elapsedMs() - this.besideMs;
    // The first has all the time that there is.
    const runMs = this.runs.length === 0 ? options.runMs : nextRunMs(leftMs, options.runMs);
    if (interrupt.signal !== null || this.ended !== null || runMs === null) return null;
    const args = ['--threads', String(options.threads), '--duration', `${runMs}ms`, '--seed', String(seed)];
    if (options.shard !== null) args.push('--shard', options.shard);
    const began = this.elapsedMs();
    const stress = await runStress([...args, ...options.passOn], join(this.at, 'runs'), interrupt);
    const done = this.took(stress, { seed, rerunOf, elapsedMs: this.elapsedMs() - began });
    this.besideMs = Math.max(0, done.elapsedMs - runMs);
    this.runs.push(done);
    this.tell(runLine(done, this.elapsedMs(), options.durationMs));
    this.lookForTheEnd(done);
    this.tidy();
    return done;
  }

  /** What a run came to, from what it printed and from its log. */
  private took(
    { exitCode: code, folder, result, stderr }: StressRun,
    run: Pick<SoakRun, 'seed' | 'rerunOf' | 'elapsedMs'>,
  ): SoakRun {
    // The same arguments were taken before.
    const exitCode = code === VERDICTS.usage && this.runs.length > 0 ? VERDICTS.harness : code;
    const logged = load(folder);
    const known = result ?? (typeof logged === 'string' ? null : logged.result);
    if (typeof logged !== 'string' && folder !== null && result === null) {
      // A run that was killed has not written its reports.
      const files = writeReports(folder, logged);
      for (const line of files.lines(renderCommand(folder))) this.tell(line);
    }
    // What its log has lost is said here or nowhere.
    if (result !== null && (typeof logged === 'string' || logged.result.verdict !== result.verdict)) {
      this.tell(toConsole(result, { color: false, width: 120 }));
    }
    const lastWords = stderr.trim().split('\n').at(-1) ?? '';
    const reason = known?.reason ?? `${logged}${lastWords === '' ? '' : `; ${lastWords}`}`;
    const lost = result !== null && result.exitCode !== exitCode;
    return {
      ...run,
      number: this.runs.length + 1,
      exitCode,
      verdict: verdictOf(exitCode),
      reason: lost ? `${reason}; not all of it could be written` : reason,
      // What has no log is left as it is.
      folder: folder === null || typeof logged === 'string' ? null : basename(folder),
      rounds: known?.scenarios.reduce((sum, scenario) => sum + scenario.rounds, 0) ?? 0,
      eventsPerSecond: known?.throughput.eventsPerSecond ?? 0,
      kept: typeof logged === 'string' ? 'nothing' : 'whole',
      ...(folder === null || typeof logged === 'string' ? { bytes: 0, logBytes: 0 } : sizesOf(folder)),
    };
  }

  private lookForTheEnd({ exitCode, reason }: SoakRun): void {
    if (exitCode === VERDICTS.usage) this.ended = `the stress test refused its arguments: ${reason}`;
    const last = this.runs.slice(-FAILURES_IN_A_ROW);
    if (last.length === FAILURES_IN_A_ROW && last.every((run) => run.exitCode === VERDICTS.harness)) {
      this.ended = `the harness failed ${FAILURES_IN_A_ROW} times in a row: ${reason}`;
    }
  }

  /** What all runs may take of the disk, with room for the next one. */
  private roomBytes(): number {
    const { bavail, bsize } = statfsSync(this.at);
    const taken = this.runs.reduce((sum, { bytes }) => sum + bytes, 0);
    const largest = Math.max(0, ...this.runs.map(({ bytes }) => bytes));
    return taken + bavail * bsize - largest - RESERVE_BYTES;
  }

  /** Leaves of each run what is worth its room. */
  private tidy(): void {
    this.files.attempt(this.at, () => {
      const roomBytes = this.roomBytes();
      const kept = whatToKeep(this.runs, this.options, roomBytes);
      this.runs = this.runs.map((run) => {
        const now = kept.get(run.number) ?? run.kept;
        if (now === run.kept) return run;
        this.files.attempt(this.folderOf(run), () => prune(this.folderOf(run), now));
        return { ...run, kept: now, bytes: now === 'nothing' ? 0 : run.logBytes };
      });
      const needed = bytesNeeded(this.runs);
      if (needed > this.options.budgetBytes) this.ended ??= 'the disk budget was used up by the worst run';
      if (needed > roomBytes) this.ended ??= 'there was no room on the disk for more';
    });
  }

  /** Runs seed after seed, and a failing one some more times. */
  async run(): Promise<void> {
    const { options } = this;
    for (let n = 0; ; n++) {
      const first = await this.once(seedOf(options.seed, n), null);
      if (first === null) break;
      for (let i = 0; failed(first.exitCode) && i < options.rerun; i++) {
        if (!mayRerun(this.rerunMs, options.runMs, options.durationMs)) break;
        const again = await this.once(first.seed, first.number);
        if (again === null) break;
        this.rerunMs += again.elapsedMs;
      }
    }
  }

  /** Makes one report of all runs that have a log. */
  private merge(): MergedRuns {
    const folders = this.runs.filter(isMerged).map((run) => this.folderOf(run));
    if (folders.length === 0) return { merged: null, lost: false };
    const folder = join(this.at, 'merged');
    try {
      const { run, cut } = mergeRuns(folders, folder);
      if (cut !== null) throw new WriteError(cut);
      const files = writeReports(folder, run);
      for (const line of files.lines(renderCommand(folder))) this.tell(line);
      return { merged: basename(folder), lost: files.lost };
    } catch (error) {
      // What could be made of it later needs all the room.
      this.files.attempt(folder, () => rmSync(folder, { recursive: true, force: true }));
      const again = `npm run report -- merge ${folders.map(shellWord).join(' ')} --output merged`;
      const why = error instanceof Error ? error.message : String(error);
      this.tell(`the runs could not be merged: ${why} When that is mended, this merges them: ${again}`);
      return { merged: null, lost: true };
    }
  }

  private soak({ merged, lost }: MergedRuns): Soak {
    const { options, runs, interrupt } = this;
    const exitCode = worstExit(
      runs.map((run) => run.exitCode),
      interrupt.signal,
    );
    return {
      schemaVersion: SOAK_SCHEMA_VERSION,
      startedAt: this.startedAt,
      elapsedMs: this.elapsedMs(),
      interrupted: interrupt.signal !== null,
      exitCode: exitWith(exitCode, lost || this.files.lost),
      ended: interrupt.signal !== null ? `it was stopped by ${interrupt.signal}` : (this.ended ?? 'its time was over'),
      again: againOf(options),
      seed: options.seed,
      environment: environment(),
      runs,
      rates: failureRates(runs),
      merged,
      leftOut: runs.filter((run) => run.rerunOf === null && run.folder !== null && run.kept === 'nothing').length,
      disk: { bytes: bytesNeeded(runs), budgetBytes: options.budgetBytes },
    };
  }

  private write(soak: Soak): void {
    this.files.write(join(this.at, 'soak.json'), () => `${JSON.stringify(soak, null, 2)}\n`);
    this.files.write(join(this.at, 'soak.md'), () => toSoakMarkdown(soak));
  }

  /** Writes what there is. */
  finish(): Soak {
    // Merging takes what room there is on the disk, and much memory: what is known is written first.
    this.write(this.soak({ merged: null, lost: false }));
    const all = this.merge();
    this.write(this.soak(all));
    for (const line of this.files.lines(null)) this.tell(line);
    return this.soak(all);
  }
}
