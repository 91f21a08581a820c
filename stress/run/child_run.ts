// SPDX-License-Identifier: GPL-2.0-only
/**
 * One run of the stress test as a process of its own, so that whatever happens to it, this one goes on. What the run
 * has to say is taken from its standard output: its folder may be on a disk that is full.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
// Not all of zx, which loads Node's fetch(), for which V8 reserves memory.
import { $ } from 'zx/core';
import { exitOf, SIGNAL_EXIT } from '../cli/exit_code.ts';
import type { Interrupt } from '../cli/interrupt.ts';
import { ROOT } from '../host/root.ts';
import type { RunResult } from '../result/run_result.ts';

const MAIN = fileURLToPath(new URL('dist/stress/commands/stress.js', ROOT));

export interface StressRun {
  readonly exitCode: number;
  /** Path of the folder that it made; null if it did not come so far. */
  readonly folder: string | null;
  /** What it printed; null if it did not come so far. */
  readonly result: RunResult | null;
  /** Its last words. */
  readonly stderr: string;
}

/** What the runs may not see: a step has one summary and few annotations, and they are for the report of all runs. */
function environmentOf(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { GITHUB_STEP_SUMMARY: _, GITHUB_ACTIONS: __, ...rest } = env;
  return rest;
}

/** None if it was taken away. */
function foldersIn(output: string): string[] {
  try {
    return readdirSync(output, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  } catch {
    return [];
  }
}

function printed(stdout: string): RunResult | null {
  try {
    return JSON.parse(stdout) as RunResult;
  } catch {
    // It was killed.
    return null;
  }
}

/** @param output - folder in which the run makes its own; one run at a time */
export async function runStress(args: readonly string[], output: string, interrupt: Interrupt): Promise<StressRun> {
  const before = new Set(foldersIn(output));
  const stress$ = $({
    nothrow: true,
    quiet: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environmentOf(process.env),
  });
  // exec: signals are for node, not for a shell around it.
  const running = stress$`exec ${process.execPath} ${MAIN} ${[...args]} --json --output ${output}`;
  const { exitCode, stdout, stderr } = await interrupt.during((signal) => running.child?.kill(signal), running);
  const { signal } = interrupt;
  // It may have come before the run could take it.
  const ended = signal !== null && (exitCode === null || exitCode > 128) ? SIGNAL_EXIT[signal] : exitOf(exitCode);
  const made = foldersIn(output).find((name) => !before.has(name));
  return { exitCode: ended, folder: made === undefined ? null : join(output, made), result: printed(stdout), stderr };
}
