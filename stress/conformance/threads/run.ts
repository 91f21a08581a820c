// SPDX-License-Identifier: GPL-2.0-only
/**
 * Threads on the host's kernel, in a process of their own: submitters, getters, reapers of the mapped ring, and
 * destroyers, with the books and the oracles that judge the port. A kernel that is known to be right must pass them.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from '../../host/root.ts';
import type { FromThreads, Program, ProgramReport, ThreadsOptions } from './plan.ts';

const CHILD = fileURLToPath(new URL('dist/stress/conformance/threads/child.js', ROOT));
/** How much longer than asked for it may take: starting threads, draining, waiting for its turn. */
const PATIENCE_MS = 30_000;

export type ThreadsResult =
  | { readonly kind: 'none'; readonly reason: string }
  /** It did not come back, or died. */
  | { readonly kind: 'hang'; readonly text: string }
  | { readonly kind: 'done'; readonly reports: readonly ProgramReport[]; readonly direct: boolean };

/** @param patienceMs - beyond the time that was asked for */
export async function runThreads(options: ThreadsOptions, patienceMs = PATIENCE_MS): Promise<ThreadsResult> {
  const folder = mkdtempSync(join(tmpdir(), 'kioctx-'));
  const child = fork(CHILD, [folder, JSON.stringify(options)], { execArgv: [] });
  let program: Program | null = null;
  const result = await new Promise<ThreadsResult>((resolve) => {
    const where = (): string => (program === null ? 'at the start' : `in the program ${program}`);
    const watchdog = setTimeout(
      () => {
        child.kill('SIGKILL');
        resolve({ kind: 'hang', text: `the threads did not come back, ${where()}` });
      },
      options.seconds * 1000 + patienceMs,
    );
    child.on('message', (message: FromThreads) => {
      if (message.kind === 'program') program = message.program;
      else resolve(message);
    });
    child.on('exit', (code, signal) => {
      clearTimeout(watchdog);
      resolve({ kind: 'hang', text: `the process ended by ${signal ?? `exit code ${code}`}, ${where()}` });
    });
  });
  rmSync(folder, { recursive: true, force: true });
  return result;
}
