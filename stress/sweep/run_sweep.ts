// SPDX-License-Identifier: GPL-2.0-only
/**
 * A sweep: the same workload at several widths, each run a process with a folder of its own.
 *
 *   reports/<utc>-<seed>/
 *     sweep.json, sweep.md, sweep.html
 *     threads-1/, threads-2/, …       all runs of a width as one
 *     runs/<utc>-<seed>/, …           each run
 */
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { environment } from '../environment.ts';
import { loadRun } from '../log/load.ts';
import { mergeRuns } from '../log/merge.ts';
import { plural, span } from '../report/text.ts';
import { runFolder, writeReports } from '../report/write.ts';
import { worstExit } from '../soak/exit_code.ts';
import { Interrupt } from '../soak/interrupt.ts';
import { runStress } from '../soak/stress_run.ts';
import { pointOf } from './point.ts';
import { SWEEP_SCHEMA_VERSION, type Sweep } from './result.ts';
import { toSweepMarkdown, toSweepText } from './text.ts';
import { planTurns, type Turn } from './turns.ts';
import { fitUsl } from './usl.ts';
import { SERVICE_THREADS } from './widths.ts';

const SCENARIO = 'one_ring_for_all_threads';

export interface SweepSpec {
  /** Ascending, as parseSweep() returns them. */
  readonly widths: readonly number[];
  /** Of the whole sweep. */
  readonly durationMs: number;
  readonly seed: number;
  /** Folder in which the sweep makes its own. */
  readonly output: string;
  /** Further arguments of each run, such as `--perturb none`. */
  readonly passOn: readonly string[];
  /** Arguments that run the sweep again. */
  readonly again: string;
  /** Whether stdout gets the result as JSON, and stderr the table. */
  readonly json: boolean;
}

interface Runs {
  /** Folders of the runs, by width. */
  readonly folders: ReadonlyMap<number, readonly string[]>;
  readonly exitCodes: readonly number[];
}

/** Runs the turns one after the other, until they are done, are interrupted, or one is refused. */
async function runTurns(spec: SweepSpec, turns: readonly Turn[], at: string, runMs: number, interrupt: Interrupt) {
  const folders = new Map<number, string[]>();
  const exitCodes: number[] = [];
  for (const [i, { threads, pass }] of turns.entries()) {
    if (interrupt.signal !== null) break;
    const what = `${plural(threads, 'thread')}, pass ${pass}`;
    process.stderr.write(`sweep: run ${i + 1} of ${turns.length}, ${what}, ${span(runMs)}\n`);
    const args = ['--threads', String(threads + SERVICE_THREADS), '--scenario', SCENARIO, '--build', 'patched'];
    args.push('--duration', `${runMs}ms`, '--seed', String(spec.seed), ...spec.passOn);
    const { exitCode, folder, stderr } = await runStress(args, join(at, 'runs'), interrupt);
    exitCodes.push(exitCode);
    if (folder !== null) folders.set(threads, [...(folders.get(threads) ?? []), folder]);
    if (exitCode !== 0 && interrupt.signal === null) {
      process.stderr.write(`sweep: ${what} ended with ${exitCode}: ${folder ?? stderr.trim()}\n`);
    }
    if (folder === null) break;
  }
  return { folders, exitCodes } satisfies Runs;
}

function pointsOf({ folders }: Runs, at: string): Sweep['points'] {
  return [...folders]
    .sort(([a], [b]) => a - b)
    .flatMap(([threads, runs]) => {
      const folder = join(at, `threads-${threads}`);
      const all = mergeRuns(runs, folder);
      writeReports(folder, all);
      const passes = runs.map((run) => loadRun(run));
      const point = pointOf(threads, basename(folder), passes, all.result);
      return point === null ? [] : [point];
    });
}

function write(at: string, sweep: Sweep): void {
  writeFileSync(join(at, 'sweep.json'), `${JSON.stringify(sweep, null, 2)}\n`);
  writeFileSync(join(at, 'sweep.md'), toSweepMarkdown(sweep));
}

/** @throws UsageError if the time is too short for so many widths */
export async function runSweep(spec: SweepSpec): Promise<{ sweep: Sweep; exitCode: number }> {
  const { turns, runMs } = planTurns(spec.widths, spec.durationMs);
  const startedAt = new Date().toISOString();
  const interrupt = new Interrupt();
  const at = runFolder(spec.output, startedAt, spec.seed);
  const runs = await runTurns(spec, turns, at, runMs, interrupt);
  const points = pointsOf(runs, at);
  const sweep: Sweep = {
    schemaVersion: SWEEP_SCHEMA_VERSION,
    startedAt,
    interrupted: interrupt.signal !== null,
    again: spec.again,
    environment: environment(),
    points,
    fit: fitUsl(points),
  };
  write(at, sweep);
  const color = process.stdout.isTTY === true && !process.env['NO_COLOR'];
  const text = toSweepText(sweep, { color, width: Math.min(process.stdout.columns ?? 120, 160) });
  if (spec.json) process.stdout.write(`${JSON.stringify(sweep, null, 2)}\n`);
  (spec.json ? process.stderr : process.stdout).write(text);
  process.stderr.write(`reports: ${['sweep.json', 'sweep.md'].map((name) => join(at, name)).join(' ')}\n`);
  return { sweep, exitCode: worstExit(runs.exitCodes, interrupt.signal) };
}
