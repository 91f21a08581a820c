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
import { join } from 'node:path';
import { worstExit } from '../cli/exit_code.ts';
import { Interrupt } from '../cli/interrupt.ts';
import { environment } from '../environment.ts';
import { loadRun } from '../log/load.ts';
import { mergeRuns } from '../log/merge.ts';
import { toSweepHtml } from '../report/html/sweep_page.ts';
import type { Run } from '../report/result.ts';
import { appendStepSummary } from '../report/step_summary.ts';
import { plural, span } from '../report/text.ts';
import { runFolder, writeReports } from '../report/write.ts';
import { runStress } from '../soak/stress_run.ts';
import { pointOf } from './point.ts';
import { SWEEP_SCHEMA_VERSION, type Sweep } from './result.ts';
import type { SweepSpec } from './spec.ts';
import { toSweepMarkdown, toSweepText } from './text.ts';
import { planTurns, type Turns } from './turns.ts';
import { fitUsl } from './usl.ts';
import { SERVICE_THREADS } from './widths.ts';

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
  return { folders, exitCodes };
}

/** Those that left a log that can be read. */
const loaded = (folders: readonly string[]): { folder: string; run: Run }[] =>
  folders.flatMap((folder) => {
    try {
      return [{ folder, run: loadRun(folder) }];
    } catch (error) {
      process.stderr.write(`sweep: ${error instanceof Error ? error.message : String(error)}\n`);
      return [];
    }
  });

function pointsOf({ folders }: Runs, at: string, spec: SweepSpec): Sweep['points'] {
  return spec.widths.flatMap((threads) => {
    const passes = loaded(folders.get(threads) ?? []);
    if (passes.length === 0) return [];
    const folder = `threads-${threads}`;
    const all = mergeRuns(
      passes.map((pass) => pass.folder),
      join(at, folder),
    );
    writeReports(join(at, folder), all, spec.reporters);
    const runs = passes.map(({ run }) => run);
    return pointOf(threads, folder, runs, all.result) ?? [];
  });
}

function write(at: string, sweep: Sweep): void {
  writeFileSync(join(at, 'sweep.json'), `${JSON.stringify(sweep, null, 2)}\n`);
  writeFileSync(join(at, 'sweep.md'), toSweepMarkdown(sweep));
  writeFileSync(join(at, 'sweep.html'), toSweepHtml(sweep));
}

/** @throws UsageError if the time is too short for so many widths */
export async function runSweep(spec: SweepSpec): Promise<{ sweep: Sweep; exitCode: number }> {
  const turns = planTurns(spec.widths, spec.durationMs);
  const startedAt = new Date().toISOString();
  const interrupt = new Interrupt();
  const at = runFolder(spec.output, startedAt, spec.seed);
  const runs = await runTurns(spec, turns, at, interrupt);
  const points = pointsOf(runs, at, spec);
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
  appendStepSummary(toSweepMarkdown(sweep), process.env, (warning) => process.stderr.write(warning));
  const color = process.stdout.isTTY === true && !process.env['NO_COLOR'];
  const text = toSweepText(sweep, { color, width: Math.min(process.stdout.columns ?? 120, 160) });
  if (spec.json) process.stdout.write(`${JSON.stringify(sweep, null, 2)}\n`);
  (spec.json ? process.stderr : process.stdout).write(text);
  process.stderr.write(
    `reports: ${['sweep.json', 'sweep.md', 'sweep.html'].map((name) => join(at, name)).join(' ')}\n`,
  );
  return { sweep, exitCode: worstExit(runs.exitCodes, interrupt.signal) };
}
