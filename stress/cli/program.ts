// SPDX-License-Identifier: GPL-2.0-only
/** How each program ends: with the exit code that it means, after everything that it prints has been taken. */

import { VERDICTS } from '../result/run_result.ts';
import { exitWith } from './exit_code.ts';
import { WriteError } from './folder.ts';
import { leave } from './leave.ts';
import { stderr, stdout } from './streams.ts';
import { UsageError } from './usage_error.ts';

/** What is printed of an error, and the exit code that it means. Only what nobody foresaw has a stack. */
export function failure(error: unknown): { readonly text: string; readonly code: number } {
  const usage = error instanceof UsageError;
  const code = usage ? VERDICTS.usage : VERDICTS.harness;
  if (!(error instanceof Error)) return { text: String(error), code };
  return { text: usage || error instanceof WriteError ? error.message : (error.stack ?? error.message), code };
}

async function end(code: number): Promise<never> {
  await stdout.flushed();
  const lost = stdout.failure !== null;
  if (lost) stderr.write(`What was printed is cut short: standard output cannot be written, ${stdout.failure}.\n`);
  await stderr.flushed();
  leave(exitWith(code, lost));
}

function fail(error: unknown): Promise<never> {
  const { text, code } = failure(error);
  stderr.write(`${text}\n`);
  return end(code);
}

/** Runs a program and ends the process. @param main - returns the exit code */
export async function runProgram(main: () => number | Promise<number>): Promise<never> {
  // Node ends with 1 for what is thrown in a callback, which means a wrong option here.
  process.on('uncaughtException', (error) => void fail(error));
  try {
    return await end(await main());
  } catch (error) {
    return fail(error);
  }
}
