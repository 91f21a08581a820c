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

/** Prints what was asked for instead of work. @returns the exit code */
export function say(text: string): number {
  stdout.write(text);
  return VERDICTS.passed;
}

export async function sayVersion(): Promise<number> {
  const { toolVersion } = await import('../host/environment.ts');
  return say(`${toolVersion()}\n`);
}

/**
 * Runs a program and ends the process.
 * @param main - loads what it needs only when it knows what is asked for; returns the exit code
 */
export async function runProgram(main: (argv: readonly string[]) => Promise<number>): Promise<never> {
  // Node ends with 1 for what is thrown in a callback, which means a wrong option here.
  process.on('uncaughtException', (error) => void fail(error));
  try {
    const argv = process.argv.slice(2);
    return await end(argv.join(' ') === '--version' ? await sayVersion() : await main(argv));
  } catch (error) {
    return fail(error);
  }
}
