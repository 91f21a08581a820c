// SPDX-License-Identifier: GPL-2.0-only
/**
 * A soak: runs, one after the other, until the time or the disk is used up, or a signal comes. Between two runs it is
 * decided what is left of each; at the end all that have a log become one report.
 *
 *   reports/<utc>-<seed>/
 *     soak.json, soak.md
 *     merged/                  all runs as one
 *     runs/<utc>-<seed>/, …    each run: the worst whole, of the others the event log
 */
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { sched_clock } from '../../src/arch/sab/clock.ts';
import { exitOf, worstExit } from '../cli/exit_code.ts';
import type { Interrupt } from '../cli/interrupt.ts';
import { environment } from '../environment.ts';
import { loadRun } from '../log/load.ts';
import { mergeRuns } from '../log/merge.ts';
import type { Run, Verdict } from '../report/result.ts';
import { VERDICTS } from '../report/result.ts';
import { runFolder, writeReports } from '../report/write.ts';
import { failed, mayRerun, nextRunMs, seedOf } from './budget.ts';
import { prune, sizesOf } from './folders.ts';
import { bytesNeeded, isMerged, whatToKeep } from './keep.ts';
import type { SoakOptions } from './options.ts';
import { failureRates } from './rates.ts';
import { SOAK_SCHEMA_VERSION, type Soak, type SoakRun } from './result.ts';
import { runStress } from './stress_run.ts';
import { againOf, runLine, toSoakMarkdown } from './text.ts';

/** A harness that fails so often in a row will go on failing. */
const FAILURES_IN_A_ROW = 3;

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

export class Soaking {
  readonly at: string;
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
    const { exitCode, folder, stderr } = await runStress(
      [...args, ...options.passOn],
      join(this.at, 'runs'),
      interrupt,
    );
    const run = load(folder);
    const known = typeof run === 'string' ? null : run.result;
    // A run that was killed has not written its reports.
    if (typeof run !== 'string' && folder !== null && known?.exitCode !== exitCode) writeReports(folder, run);
    const done: SoakRun = {
      number: this.runs.length + 1,
      seed,
      rerunOf,
      exitCode,
      verdict: verdictOf(exitCode),
      reason: known?.reason ?? `${run}${stderr.trim() === '' ? '' : `; ${stderr.trim().split('\n').at(-1)}`}`,
      // What has no log is left as it is.
      folder: folder === null || known === null ? null : basename(folder),
      elapsedMs: this.elapsedMs() - began,
      rounds: known?.scenarios.reduce((sum, scenario) => sum + scenario.rounds, 0) ?? 0,
      eventsPerSecond: known?.throughput.eventsPerSecond ?? 0,
      kept: known === null ? 'nothing' : 'whole',
      ...(folder === null || known === null ? { bytes: 0, logBytes: 0 } : sizesOf(folder)),
    };
    this.besideMs = Math.max(0, done.elapsedMs - runMs);
    this.runs.push(done);
    this.tell(runLine(done, this.elapsedMs(), options.durationMs));
    this.lookForTheEnd(done);
    this.tidy();
    return done;
  }

  private lookForTheEnd({ exitCode, reason }: SoakRun): void {
    if (exitCode === VERDICTS.usage) this.ended = `the stress test refused its arguments: ${reason}`;
    const last = this.runs.slice(-FAILURES_IN_A_ROW);
    if (last.length === FAILURES_IN_A_ROW && last.every((run) => run.exitCode === VERDICTS.harness)) {
      this.ended = `the harness failed ${FAILURES_IN_A_ROW} times in a row: ${reason}`;
    }
  }

  /** Leaves of each run what is worth its room. */
  private tidy(): void {
    const kept = whatToKeep(this.runs, this.options);
    this.runs = this.runs.map((run) => {
      const now = kept.get(run.number) ?? run.kept;
      if (now === run.kept) return run;
      prune(this.folderOf(run), now);
      return { ...run, kept: now, bytes: now === 'nothing' ? 0 : run.logBytes };
    });
    if (bytesNeeded(this.runs) > this.options.budgetBytes)
      this.ended ??= 'the disk budget was used up by the worst run';
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

  /** Makes one report of all runs that have a log. @returns its folder's name, or why there is none */
  private merge(): { merged: string | null; why: string | null } {
    const folders = this.runs.filter(isMerged).map((run) => this.folderOf(run));
    if (folders.length === 0) return { merged: null, why: null };
    try {
      const folder = join(this.at, 'merged');
      writeReports(folder, mergeRuns(folders, folder));
      return { merged: basename(folder), why: null };
    } catch (error) {
      return { merged: null, why: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Writes what there is. */
  finish(): Soak {
    const { merged, why } = this.merge();
    const { options, runs, interrupt } = this;
    if (why !== null) this.tell(`the runs could not be merged: ${why}`);
    const codes = runs.map(({ exitCode }) => exitCode);
    const soak: Soak = {
      schemaVersion: SOAK_SCHEMA_VERSION,
      startedAt: this.startedAt,
      elapsedMs: this.elapsedMs(),
      interrupted: interrupt.signal !== null,
      exitCode: worstExit(why === null ? codes : [...codes, exitOf(null)], interrupt.signal),
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
    writeFileSync(join(this.at, 'soak.json'), `${JSON.stringify(soak, null, 2)}\n`);
    writeFileSync(join(this.at, 'soak.md'), toSoakMarkdown(soak));
    return soak;
  }
}
