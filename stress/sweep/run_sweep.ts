// SPDX-License-Identifier: GPL-2.0-only
/**
 * A sweep: the same workload at several widths, each run a process with a folder of its own.
 *
 *   reports/<utc>-<seed>/
 *     sweep.json, sweep.md, sweep.html
 *     threads-1/, threads-2/, …       all runs of a width as one
 *     runs/<utc>-<seed>/, …           each run
 */
import { join } from 'node:path';
import { exitWith, worstExit } from '../cli/exit_code.ts';
import { Files } from '../cli/files.ts';
import { runFolder } from '../cli/folder.ts';
import { Interrupt } from '../cli/interrupt.ts';
import { stderr, stdout } from '../cli/streams.ts';
import { environment } from '../host/environment.ts';
import { loadRun } from '../log/load.ts';
import { type Merged, mergeRuns } from '../log/merge.ts';
import { SERVICE_THREADS } from '../options/widths.ts';
import { appendStepSummary } from '../report/printers/step_summary.ts';
import { renderCommand, writeReports } from '../report/write.ts';
import type { Run } from '../result/run_result.ts';
import { runStress } from '../run/child_run.ts';
import { plural, span } from '../text/layout.ts';
import { toSweepHtml } from './page/page.ts';
import { pointOf } from './point.ts';
import type { SweepSpec } from './spec.ts';
import { SWEEP_SCHEMA_VERSION, type Sweep, type SweepPoint } from './sweep_result.ts';
import { toSweepMarkdown, toSweepText } from './sweep_text.ts';
import { planTurns, type Turns } from './turns.ts';
import { fitUsl } from './usl.ts';

const SCENARIO = 'one_ring_for_all_threads';

interface Runs {
  /** Folders of the runs, by width. */
  readonly folders: ReadonlyMap<number, readonly string[]>;
  readonly exitCodes: readonly number[];
}

/** Runs the turns one after the other, until they are done, are interrupted, or one is refused. */
async function runTurns(spec: SweepSpec, { turns, runMs }: Turns, at: string, interrupt: Interrupt): Promise<Runs> {
  const folders = new Map<number, string[]>();
  const exitCodes: number[] = [];
  for (const [i, { threads, pass }] of turns.entries()) {
    if (interrupt.signal !== null) break;
    const what = `${plural(threads, 'thread')}, pass ${pass}`;
    stderr.write(`sweep: run ${i + 1} of ${turns.length}, ${what}, ${span(runMs)}\n`);
    const args = ['--threads', String(threads + SERVICE_THREADS), '--scenario', SCENARIO, '--build', 'patched'];
    args.push('--duration', `${runMs}ms`, '--seed', String(spec.seed), ...spec.passOn);
    const { exitCode, folder, stderr: said } = await runStress(args, join(at, 'runs'), interrupt);
    exitCodes.push(exitCode);
    if (folder !== null) folders.set(threads, [...(folders.get(threads) ?? []), folder]);
    if (exitCode !== 0 && interrupt.signal === null) {
      stderr.write(`sweep: ${what} ended with ${exitCode}: ${folder ?? said.trim()}\n`);
    }
    if (folder === null) break;
  }
  return { folders, exitCodes };
}

/** Those that left a log that can be read. */
const loaded = (folders: readonly string[]): { folder: string; run: Run }[] =>
  folders.flatMap((folder) => {
    try {
      return [{ folder, run: loadRun(folder) }];
    } catch (error) {
      stderr.write(`sweep: ${error instanceof Error ? error.message : String(error)}\n`);
      return [];
    }
  });

/** What the runs of a width come to; it is written later. */
interface Width {
  /** null if no round came to its end */
  readonly point: SweepPoint | null;
  readonly at: string;
  readonly merged: Merged;
}

function widthsOf({ folders }: Runs, at: string, spec: SweepSpec): Width[] {
  return spec.widths.flatMap((threads) => {
    const passes = loaded(folders.get(threads) ?? []);
    if (passes.length === 0) return [];
    const folder = `threads-${threads}`;
    const merged = mergeRuns(
      passes.map((pass) => pass.folder),
      join(at, folder),
    );
    const runs = passes.map(({ run }) => run);
    return [{ point: pointOf(threads, folder, runs, merged.run.result), at: join(at, folder), merged }];
  });
}

function print(sweep: Sweep, json: boolean): void {
  const out = json ? stderr : stdout;
  out.write(toSweepText(sweep, out));
  if (json) stdout.write(`${JSON.stringify(sweep, null, 2)}\n`);
}

/** @returns whether anything could not be written */
function write(at: string, sweep: Sweep, widths: readonly Width[], spec: SweepSpec): boolean {
  const files = new Files();
  files.write(join(at, 'sweep.json'), () => `${JSON.stringify(sweep, null, 2)}\n`);
  files.write(join(at, 'sweep.md'), () => toSweepMarkdown(sweep));
  files.write(join(at, 'sweep.html'), () => toSweepHtml(sweep));
  stderr.write(`reports: ${files.written.join(' ')}\n`);
  const missing = files.lines(null);
  for (const { at: folder, merged } of widths) {
    missing.push(...writeReports(folder, merged.run, spec.reporters).lines(renderCommand(folder, spec.reporters)));
    if (merged.cut !== null) missing.push(merged.cut);
  }
  for (const line of missing) stderr.write(`${line}\n`);
  return missing.length > 0;
}

/** @throws UsageError if the time is too short for so many widths */
export async function runSweep(spec: SweepSpec): Promise<{ sweep: Sweep; exitCode: number }> {
  const turns = planTurns(spec.widths, spec.durationMs);
  const startedAt = new Date().toISOString();
  const interrupt = new Interrupt();
  const at = runFolder(spec.output, startedAt, spec.seed);
  const runs = await runTurns(spec, turns, at, interrupt);
  const widths = widthsOf(runs, at, spec);
  const points = widths.flatMap(({ point }) => point ?? []);
  const sweep: Sweep = {
    schemaVersion: SWEEP_SCHEMA_VERSION,
    startedAt,
    interrupted: interrupt.signal !== null,
    again: spec.again,
    environment: environment(),
    points,
    fit: fitUsl(points),
  };
  print(sweep, spec.json);
  const lost = write(at, sweep, widths, spec);
  appendStepSummary(toSweepMarkdown(sweep), process.env, (warning) => stderr.write(warning));
  const exitCode = exitWith(worstExit(runs.exitCodes, interrupt.signal), lost);
  interrupt.over(exitCode);
  return { sweep, exitCode };
}
